# A newer major version is refused by name; good segments beside it are used, exit status 3.
"$FLOWREC" import -o recording "$CAPTURES/vlan.pcap" >/dev/null || exit
cp -r recording newer
sqlite3 newer/000001.segment 'PRAGMA user_version = 6488064; UPDATE segment SET format_major = 99'
"$FLOWPLAY" report losses newer
echo "$?"
cp newer/000001.segment recording/000002.segment
"$FLOWPLAY" sql recording 'SELECT count(*), sum(source_bytes) FROM flow'
