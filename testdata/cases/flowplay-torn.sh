# A segment that is not finished and one that lost its tail.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
# Make an ordinary SQLite file of a sealed segment, as a live segment is one.
unseal()
{
	(sqlite3 "$1.segment" .dump; echo 'PRAGMA application_id = 1181511543;
		PRAGMA user_version = 131072;') | sqlite3 "$1.live.segment" && rm "$1.segment"
}
cp recording/000001.segment sealed
unseal recording/000001
sqlite3 recording/000001.live.segment 'UPDATE segment SET finished_ns = NULL'
"$FLOWPLAY" report losses recording
echo "$?"
head -c 20000 sealed >recording/000002.segment
"$FLOWPLAY" sql recording 'SELECT count(*) FROM flow' 2>err
echo "$?"
# SQLite's own words may change; the file must be named.
grep -o '^flowplay: recording/000002.segment' err
