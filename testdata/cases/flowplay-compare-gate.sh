# What a gate file can say, and what is wrong in one; what fails besides a regression.
line() # METRIC KIND VALUE...
{
	metric=$1 kind=$2
	shift 2
	for value; do
		printf '{"metric":"%s","kind":"%s","better":"lower","value":%s}\n' \
			"$metric" "$kind" "$value"
	done
}
context() { printf '{"metric":"%s","kind":"context","value":"%s"}\n' "$1" "$2"; }
try()
{
	echo "--- $*" >&2
	"$FLOWPLAY" compare --format csv "$@" | cut -d , -f 1,2
}
gate() { cat >gate; }

{ line size exact 100; line old exact 1; line time sampled 1 2 3 4; context streams flow; } >base
{ line size exact 104; line new exact 1; line time sampled 1 2 3 4; context streams flow,hop; } >next

try base next
"$FLOWPLAY" compare base next >/dev/null
echo "exit status $?"
try --allow kernel,streams base next
"$FLOWPLAY" compare --allow streams --missing fail base next >/dev/null 2>&1
echo "--missing fail: exit status $?"
"$FLOWPLAY" compare --allow streams --fail-on inconclusive base next >/dev/null 2>&1
echo "--fail-on inconclusive: exit status $?"

gate <<-END
	context streams warn   # instead of refuse
	metric size threshold=3%
	metric old absent=2
	ignore new
	inform time
END
try --gate gate base next
gate <<-END
	context streams ignore
	require size
	require nothing.*
	metric size threshold=4
END
try --gate gate base next
"$FLOWPLAY" compare --gate gate --format junit base next 2>/dev/null
echo "exit status $?"
gate <<-END
	clear
	inform *
END
try --gate gate base next
gate <<-END
	# The first line is a comment.
	metric size treshold=3%
END
try --gate gate base next
try --gate missing base next

echo "--- the built-in rules can be read again"
"$FLOWPLAY" compare --print-gate >gate
"$FLOWPLAY" compare --allow streams base next >one 2>&1
"$FLOWPLAY" compare --allow streams --gate gate base next >two 2>&1
cmp one two && head -n 1 one
