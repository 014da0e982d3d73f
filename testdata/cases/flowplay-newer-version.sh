# A newer major version is refused by name; good segments beside it are used, exit status 3.
"$FLOWREC" import -o recording "$CAPTURES/vlan.pcap" >/dev/null || exit
cp -r recording newer
# Make an ordinary SQLite file of a sealed segment, as a live segment is one.
unseal()
{
	(sqlite3 "$1.segment" .dump; echo 'PRAGMA application_id = 1181511543;
		PRAGMA user_version = 131072;') | sqlite3 "$1.live.segment" && rm "$1.segment"
}
unseal newer/000001
sqlite3 newer/000001.live.segment 'PRAGMA user_version = 6488064; UPDATE segment SET format_major = 99'
"$FLOWPLAY" report losses newer
echo "$?"
cp newer/000001.live.segment recording/000002.live.segment
"$FLOWPLAY" sql recording 'SELECT count(*), sum(source_bytes) FROM flow'
