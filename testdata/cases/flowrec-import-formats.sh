# The account of the files in every format, from files and from standard input.
cp "$CAPTURES/torn.pcap" "$CAPTURES/wifi.pcap" .
cp "$CAPTURES/raw.pcap" '=1,"raw".pcap'
for format in text json jsonl csv markdown; do
	echo "--- $format"
	"$FLOWREC" import -o $format --format $format torn.pcap wifi.pcap '=1,"raw".pcap' 2>/dev/null |
		sed 's/[0-9]* bytes$/N bytes/'
done
echo "--- standard input"
"$FLOWREC" import -o stdin --format csv - <torn.pcap 2>/dev/null
echo "--- many files: those with a problem, and the sum"
set --
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	cp wifi.pcap $i.pcap
	cp "$CAPTURES/raw.pcap" $i.pcap
	set -- "$@" $i.pcap
done
"$FLOWREC" import -o many "$@" torn.pcap 2>&1 | sed 's/[0-9]* bytes$/N bytes/'
echo "--- all of them"
"$FLOWREC" import -o many-all --verbose "$@" torn.pcap 2>&1 | wc -l
echo "--- help"
"$FLOWREC" import --help
