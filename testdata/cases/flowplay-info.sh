# What info says of an import; times and sizes of the segment itself are left out.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" "$CAPTURES/text.pcap" \
	"$CAPTURES/malformed.pcap" >/dev/null 2>&1
"$FLOWPLAY" info recording | sed -E -e '/^(recording_id|command_line|size_bytes)/d' \
	-e "s|$CAPTURES/||g" -e 's/  +/ /g' -e 's/[0-9]{4}-[^ ]+Z ([^ ]+Z) yes +[0-9]+$/... \1 yes/'
"$FLOWPLAY" info --format json recording 2>/dev/null | python3 -c '
import json, sys
info = json.load(sys.stdin)
print(list(info), [(s["stream"], s["rows"]) for s in info["streams"]])'
