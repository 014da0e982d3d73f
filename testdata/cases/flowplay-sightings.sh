# Reports on sightings: where there are none, where none says which packet it is of, and where some are
# damaged. Exit status 3: there is no answer, or less than one.
"$FLOWREC" import -o flows "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWREC" import -o sightings --streams +packet "$CAPTURES/mixed.pcap" >/dev/null || exit

for report in dedup fingerprint fingerprint-rate fingerprint-sweep identity; do
	echo "--- $report"
	"$FLOWPLAY" report $report flows | tail -n 3
done
"$FLOWPLAY" report dedup --format markdown flows
"$FLOWPLAY" report dedup --format json flows
echo "exit status $?"
echo 'SELECT count(*) FROM dedup; SELECT count(*) > 0 FROM flow;' | "$FLOWPLAY" sql flows
echo "exit status $?"

echo "--- captures do not say which packet it is"
"$FLOWPLAY" report fingerprint --format csv sightings
echo "exit status $?"
"$FLOWPLAY" sql sightings "SELECT model, sightings, unknown_sightings, lost_sightings, complete
	FROM dedup WHERE model IN ('raw', 'flowtape')"
echo "exit status $?"

echo "--- damage"
mkdir sightings/000002.segment.sealing # in the way: the segment stays live
"$FLOWREC" import -o sightings --append --streams +packet "$CAPTURES/mixed.pcap" >/dev/null 2>&1
rmdir sightings/000002.segment.sealing
sqlite3 sightings/000002.live.segment "UPDATE part SET data = x'00' WHERE column_id =
	(SELECT column_id FROM stream_column WHERE stream = 'packet' AND name = 'time_ns')"
"$FLOWPLAY" sql --format json sightings "SELECT sightings, lost_sightings, complete FROM dedup('raw')"
echo "exit status $?"
"$FLOWPLAY" sql --format csv sightings "SELECT lost_sightings, complete FROM identity"
