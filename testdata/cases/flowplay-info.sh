# What info says of an import; times and sizes of the segment itself are left out.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" "$CAPTURES/text.pcap" \
	"$CAPTURES/malformed.pcap" >/dev/null 2>&1
"$FLOWPLAY" info recording | sed -E -e '/^(recording_id|command_line|size_bytes)/d' \
	-e "s|$CAPTURES/||g" -e 's/  +/ /g' -e 's/^(flow|hop) ([0-9]+) [0-9]+ [0-9.]+ /\1 \2 /' -e 's/[0-9]{4}-[^ ]+Z ([^ ]+Z) yes +[0-9]+$/... \1 yes/'
for format in json jsonl csv markdown; do
	echo "--- $format"
	"$FLOWPLAY" info --format $format recording 2>/dev/null |
		grep -e '^"' -e '"section":"losses"' -e '^section' -e '^losses' -e '^## '
done
