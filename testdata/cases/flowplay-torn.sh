# A segment that is not finished and one that lost its tail.
mkdir -p recording/000001.segment.sealing # in the way: the segment stays live
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null 2>&1
rmdir recording/000001.segment.sealing
sqlite3 recording/000001.live.segment 'UPDATE segment SET finished_ns = NULL'
"$FLOWPLAY" report losses recording
echo "$?"
head -c 20000 recording/000001.live.segment >recording/000002.live.segment
"$FLOWPLAY" sql recording 'SELECT count(*) FROM flow' 2>err
echo "$?"
# SQLite's own words may change; the file must be named.
grep -o '^flowplay: recording/000002.live.segment' err
