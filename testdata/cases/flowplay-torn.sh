# A segment that is not finished and one that lost its tail.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
sqlite3 recording/000001.segment 'UPDATE segment SET finished_ns = NULL'
"$FLOWPLAY" report losses recording
echo "$?"
head -c 20000 recording/000001.segment >recording/000002.segment
"$FLOWPLAY" sql recording 'SELECT count(*) FROM flow' 2>err
echo "$?"
# SQLite's own words may change; the file must be named.
grep -o '^flowplay: recording/000002.segment' err
