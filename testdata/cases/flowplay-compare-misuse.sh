# Each wrong word is named in one line, exit status 64; what cannot be read in one line, 1.
try()
{
	echo "--- flowplay compare $*" >&2
	"$FLOWPLAY" compare "$@"
	echo "$?" >&2
}
figure() { printf '{"name":"a","value":%s,"unit":"%s"}\n' "$1" "$2"; }
figure 1 ns >ns
figure 1 us >us
echo hello >text
mkdir empty wrong
echo hello >wrong/readme

try
try ns
try ns ns ns
try --
try ns --
try -- ns
try --format xml ns ns
try --format
try --missing maybe ns ns
try --fail-on noise ns ns
try --arms on ns
try --arms on,new,off ns
try --arms on,new
try --arms on,new ns -- ns
try --gate
try --gatefile x ns ns
try nowhere ns
try ns text
try ns us
try empty ns
try wrong ns
try --metrics ./nowhere.sql ns ns
try --metrics metrics ns ns
{ cat ns && echo '{"name":"b"'; } >cut
try ns cut
