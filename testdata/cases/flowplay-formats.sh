# The same rows in every format.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
for format in text json jsonl csv markdown; do
	echo "--- $format"
	"$FLOWPLAY" report talkers --format $format recording
done
echo "--- the same sum everywhere"
"$FLOWPLAY" report talkers --format jsonl recording 2>/dev/null |
	sed 's/.*"source_bytes":\([0-9]*\).*/\1/' | awk '{ sum += $1 } END { print sum }'
"$FLOWPLAY" report talkers --format csv recording 2>/dev/null |
	awk -F , '{ sum += $8 } END { print sum }'
"$FLOWPLAY" sql recording 'SELECT sum(source_bytes) FROM flow' | tail -n 1
