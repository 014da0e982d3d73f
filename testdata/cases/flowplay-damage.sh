# A damaged part costs its chunk's rows where they are needed, and is told; exit status 3.
mkdir -p recording/000001.segment.sealing # in the way: the segment stays live
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null 2>&1
rmdir recording/000001.segment.sealing
sqlite3 recording/000001.live.segment "UPDATE part SET data = x'00' WHERE column_id =
	(SELECT column_id FROM stream_column WHERE stream = 'flow' AND name = 'source_bytes')"
"$FLOWPLAY" sql recording 'SELECT sum(destination_bytes) FROM flow'
echo "$?"
"$FLOWPLAY" sql recording 'SELECT count(source_bytes) FROM flow'
echo "$?"
"$FLOWPLAY" sql --format json recording 'SELECT sum(source_bytes) AS source_bytes FROM hop'
