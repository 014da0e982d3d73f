# Each wrong word is named in one line, exit status 64.
try()
{
	echo "--- flowplay $*" >&2
	"$FLOWPLAY" "$@"
	echo "$?" >&2
}
try
try repotr
try --helpp
try info
try info --fromat json .
try info --format xml .
try info --format
try report summery .
try report summary
try report summary --format=yaml .
try sql
try sql -x . 'SELECT 1'
try verify
try verify --to sqlite .
try export --to
