# A report of several sections, and comments that are wrong.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
cat >own.sql <<'EOF'
-- title: Ports and words
-- summary: What was asked for, and what is to be said of it.
-- section: ports
-- note: Of the *side* that was asked.
-- note: The most bytes first.
SELECT destination_port, sum(destination_bytes) AS destination_bytes FROM flow
GROUP BY 1 ORDER BY 2 DESC LIMIT 2;

-- Comments of other kinds are for the reader of the file.
-- section: in words
-- prose: yes
SELECT printf('%d connections, %d ports.', count(DISTINCT flow_id),
  count(DISTINCT destination_port)) AS sentence FROM flow
UNION ALL SELECT 'None was <b>bold</b>.';
-- section: nothing to say
-- prose: yes
SELECT 'x' AS sentence WHERE 0;
-- section: no rows
SELECT flow_id FROM flow WHERE 0; -- the end
EOF
for format in text markdown json jsonl csv; do
	echo "== $format"
	"$FLOWPLAY" report ./own.sql recording --format "$format" 2>&1
done
echo '== one section'
printf '%s\n' '-- section: ports' 'SELECT count(*) AS n FROM flow' >one.sql
"$FLOWPLAY" report one.sql recording
"$FLOWPLAY" report one.sql recording --format json 2>/dev/null
echo '== wrong'
try()
{
	printf '%s\n' "$@" >wrong.sql
	"$FLOWPLAY" report ./wrong.sql recording 2>&1
	echo "$?"
}
try 'SELECT 1; SELECT 2'
try '-- section: a' 'SELECT 1;' '-- section: a' 'SELECT 2'
try '-- section: a' '-- section: b' 'SELECT 1'
try '-- prose: maybe' 'SELECT 1'
try '-- prose: yes' 'SELECT 1, 2'
try '-- chart: bar destination_port source_bytes' 'SELECT destination_port, source_bytes FROM flow'
try '-- section: a' '-- chart: bar label=destination_port value=bytes' 'SELECT destination_port FROM flow'
try '-- chart: line x=a' 'SELECT 1 AS a'
try '-- section: a' 'SELECT 1;' '-- section: b' 'DROP TABLE flow'
try '-- section: a' 'SELECT 1;' '-- section: b' 'SELECT no_such_column FROM flow'
