# The same rows in every format.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
for format in text json jsonl csv markdown; do
	echo "--- $format"
	"$FLOWPLAY" report talkers --format $format recording
done
echo "--- jq"
"$FLOWPLAY" report talkers --format json recording 2>/dev/null |
	python3 -c 'import json, sys; print(sum(r["source_bytes"] for r in json.load(sys.stdin)))'
"$FLOWPLAY" sql recording 'SELECT sum(source_bytes) FROM flow' | tail -n 1
