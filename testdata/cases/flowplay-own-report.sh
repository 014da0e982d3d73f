# A user's own report, and what is none.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
cat >ports.sql <<'END'
-- title: Bytes by port
-- summary: Which services moved how much.
SELECT destination_port, sum(source_bytes) AS source_bytes FROM flow GROUP BY 1 -- all of them
END
"$FLOWPLAY" report ports.sql recording
try()
{
	echo "$1" >own.sql
	"$FLOWPLAY" report ./own.sql recording
	echo "$?" >&2
}
try 'SELECT no_such_column FROM flow'
try 'SELECT 1; SELECT 2'
try '-- nothing'
try 'CREATE TEMP TABLE a(b)'
"$FLOWPLAY" report ./missing.sql recording
