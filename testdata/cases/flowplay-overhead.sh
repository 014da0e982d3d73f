# What experiments with known differences are said to show, in every format.
make()
{
	mkdir "$1" && "$MAKE_EXPERIMENT" "$1" "$1" || exit
}
words()
{
	"$FLOWPLAY" report overhead --format json "$@" 2>/dev/null |
		sed -n '/^"In words"/,/^\]/s/^{"sentence":"\(.*\)"},*$/\1/p'
}
make web
"$FLOWPLAY" report overhead web
make stream
for format in markdown json jsonl csv; do
	echo "== $format"
	"$FLOWPLAY" report overhead --format "$format" stream
	echo "status $?"
done
echo "== html"
"$FLOWPLAY" report overhead --format html web >page.html
grep -c '<svg' page.html
grep -o '<h2[^>]*>[^<]*' page.html | sed 's/.*>//'

for kind in same few report wall stream skewed; do
	echo "== $kind"
	[ -d "$kind" ] || make "$kind"
	words "$kind"
done
echo "== several"
"$FLOWPLAY" report overhead web wall stream | sed -n '/^Latency by arm/,/^CPU in user/p'
echo "== the table"
"$FLOWPLAY" sql web "SELECT arm, metric, pairs, pairs_left_out, round(difference_percent, 2) AS percent,
	verdict FROM overhead('group=machine,resamples=500') WHERE arm = 'on'"
"$FLOWPLAY" sql web "SELECT * FROM overhead('resamples=1')"
"$FLOWPLAY" sql web "SELECT * FROM overhead('group=mine')"
echo "== no experiment"
"$FLOWREC" import -o flows "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWPLAY" report overhead flows
