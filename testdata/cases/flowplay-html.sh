# A report as an HTML page: with a chart, of several sections, and where the recording is no whole.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWPLAY" report talkers --format html recording | sed 's/flowplay [0-9.]*"/flowplay VERSION"/'
cat >own.sql <<'EOF'
-- title: <i>Ports</i> & words
-- summary: Which "side" was asked.
-- section: <ports>
-- note: The most bytes first.
-- chart: interval label=destination_port+network_transport value=bytes low=least_bytes high=most_bytes
SELECT destination_port, network_transport, avg(destination_bytes) AS bytes,
  min(destination_bytes) AS least_bytes, max(destination_bytes) AS most_bytes
FROM flow GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 3;
-- section: in words
-- prose: yes
SELECT '<script>alert(1)</script>' AS sentence;
-- section: growth
-- chart: line x=seconds y=bytes series=network_transport
SELECT network_transport, (start_ns - min(start_ns) OVER ()) / 1e9 AS seconds,
  sum(source_bytes) OVER (PARTITION BY network_transport ORDER BY start_ns, flow_id) AS bytes
FROM flow ORDER BY start_ns, flow_id LIMIT 12;
-- section: nothing
SELECT flow_id FROM flow WHERE 0
EOF
echo '== sections'
"$FLOWPLAY" report ./own.sql --format html recording | sed '1,/<body>/d'
echo '== damage'
head -c 3000 "$(ls recording/*.segment | head -n 1)" >torn.segment
mkdir torn && cp recording/*.segment torn/ && mv torn.segment torn/000009.segment
"$FLOWPLAY" report losses --format html torn 2>/dev/null | sed '1,/<\/main>/d'
echo '== only reports'
"$FLOWPLAY" sql --format html recording 'SELECT 1'
"$FLOWPLAY" report talkers --format htm recording
