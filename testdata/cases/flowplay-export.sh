# An export to SQLite is one private file that needs nothing of ours.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWREC" import -o recording --append "$CAPTURES/vlan.pcap" >/dev/null || exit
"$FLOWPLAY" export --to sqlite -o out.sqlite recording >out
echo "$?"
sed 's/^[0-9]* rows/... rows/' out
stat -c '%a' out.sqlite
sqlite3 out.sqlite "PRAGMA integrity_check;
	SELECT segment, count(*), sum(source_bytes), min(source_address), count(nat_community_id)
		FROM flow GROUP BY 1;
	SELECT name FROM sqlite_schema WHERE type = 'table';
	SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'flow';
	SELECT name, type, meaning FROM stream_column WHERE name = 'network_community_id';
	SELECT count(*) FROM note"
sqlite3 out.sqlite "EXPLAIN QUERY PLAN SELECT * FROM flow WHERE source_nat_address = '192.0.2.1'" |
	grep -o 'USING INDEX.*'
echo '--- the same rows'
columns='flow_id, start_ns, source_address, destination_address, source_port, network_transport,
	connection_state, network_community_id'
"$FLOWPLAY" sql --format csv recording "SELECT $columns FROM flow" | tr -d '\r' | tail -n +2 >one
sqlite3 -csv out.sqlite "SELECT $columns FROM flow" | tr -d '\r' >two
cmp one two && wc -l <one

echo '--- what is wrong'
try()
{
	"$FLOWPLAY" export "$@"
	echo "$?" >&2
}
try --to sqlite -o out.sqlite recording
try --to xls -o new recording
try -o new recording
try --to sqlite recording
try --to sqlite -o new
try --to sqlite -o
try --format json --to sqlite -o new recording
try --to sqlite -o missing/new recording
try --to=sqlite --output=new missing
(ulimit -f 100; trap '' XFSZ; try --to sqlite -o new recording)
ls

echo '--- a partial recording'
rm -rf recording/catalog
head -c 20000 recording/000002.segment >cut
mv cut recording/000002.segment
try --to sqlite -o partial.sqlite recording 2>err | sed 's/^[0-9]* rows/... rows/'
sed -E 's/offset [0-9]+/offset .../g; s/page at [0-9]+/page at .../g' err >&2
sqlite3 partial.sqlite 'SELECT count(*) > 0 FROM note; SELECT count(*) FROM flow'
ls
