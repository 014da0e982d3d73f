# A newer major version is refused by name; good segments beside it are used, exit status 3.
"$FLOWREC" import -o recording "$CAPTURES/vlan.pcap" >/dev/null || exit
mkdir -p newer/000001.segment.sealing # in the way: the segment stays live
"$FLOWREC" import -o newer "$CAPTURES/vlan.pcap" >/dev/null 2>&1
rmdir newer/000001.segment.sealing
sqlite3 newer/000001.live.segment 'PRAGMA user_version = 6488064; UPDATE segment SET format_major = 99'
"$FLOWPLAY" report losses newer
echo "$?"
cp newer/000001.live.segment recording/000002.live.segment
"$FLOWPLAY" sql recording 'SELECT count(*), sum(source_bytes) FROM flow'
