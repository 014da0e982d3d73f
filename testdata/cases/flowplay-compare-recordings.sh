# Recordings, metrics that were kept of one, and result files, one or many on each side.
"$FLOWREC" import -o one "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWREC" import -o two "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWREC" import -o sightings --streams +packet "$CAPTURES/mixed.pcap" >/dev/null || exit

try()
{
	echo "--- compare $*"
	"$FLOWPLAY" compare --format csv "$@" 2>err | cut -d , -f 1,2 | grep -E '^(regr|miss)'
	"$FLOWPLAY" compare "$@" >/dev/null 2>&1
	echo "exit status $?"
	cat err
}
try one two
try one sightings
"$FLOWPLAY" report metrics --format jsonl one >kept 2>/dev/null
try kept two
sed '/"lost.all"/s/"value":0/"value":1/' kept >lossy
try one lossy
try lossy one
try one two -- two one lossy

echo "--- a recording that is damaged is compared in part"
mkdir part && mkdir part/000001.segment.sealing # in the way: the segment stays live
"$FLOWREC" import -o part "$CAPTURES/mixed.pcap" >/dev/null 2>&1
rmdir part/000001.segment.sealing
sqlite3 part/000001.live.segment "UPDATE part SET data = x'00' WHERE column_id =
	(SELECT column_id FROM stream_column WHERE stream = 'flow' AND name = 'source_packets')"
"$FLOWPLAY" compare --format csv one part 2>&1 | grep -c partial
"$FLOWPLAY" compare one part >/dev/null 2>&1
echo "exit status $?"

echo "--- metrics of one's own"
cat >own.sql <<'END'
-- title: Connections
SELECT 'connections.' || network_transport AS metric, 'connections' AS unit, 'exact' AS kind,
	'lower' AS better, count(DISTINCT flow_id) AS value
FROM flow GROUP BY 1
END
"$FLOWPLAY" compare --metrics ./own.sql one two
echo "exit status $?"
echo 'SELECT 1 AS metric' >own.sql
"$FLOWPLAY" compare --metrics ./own.sql one two
echo "exit status $?"

echo "--- result files"
mkdir base next
for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
	for side in base next; do
		cat >$side/wrk-$i.txt <<END
Running 1s test @ http://192.0.2.1/
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.50ms    1.83ms  16.39ms   87.16%
    Req/Sec     1.84k   265.40     2.23k    70.00%
  Latency Distribution
     50%  $([ $side = base ] && echo $((70 + i)) || echo $((90 + i))).00us
     75%    1.50ms
     90%    4.03ms
     99%    8.3$((i % 10))ms
  1831 requests in 1.00s, 357.62KB read
Requests/sec:   18$((10 + i)).54
Transfer/sec:    357.33KB
END
	done
done
"$FLOWPLAY" compare base next
echo "exit status $?"
"$FLOWPLAY" compare base/* -- base/* | head -n 1
