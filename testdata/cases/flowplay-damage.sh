# A damaged part costs its chunk's rows where they are needed, and is told; exit status 3.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
# Make an ordinary SQLite file of a sealed segment, as a live segment is one.
unseal()
{
	(sqlite3 "$1.segment" .dump; echo 'PRAGMA application_id = 1181511543;
		PRAGMA user_version = 131072;') | sqlite3 "$1.live.segment" && rm "$1.segment"
}
unseal recording/000001
sqlite3 recording/000001.live.segment "UPDATE part SET data = x'00' WHERE column_id =
	(SELECT column_id FROM stream_column WHERE stream = 'flow' AND name = 'source_bytes')"
"$FLOWPLAY" sql recording 'SELECT sum(destination_bytes) FROM flow'
echo "$?"
"$FLOWPLAY" sql recording 'SELECT count(source_bytes) FROM flow'
echo "$?"
"$FLOWPLAY" sql --format json recording 'SELECT sum(source_bytes) AS source_bytes FROM hop'
