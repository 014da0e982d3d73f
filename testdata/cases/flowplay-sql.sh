# Statements on the command line, and what is wrong with them.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWPLAY" sql recording "SELECT network_transport, count(*) AS slices, sum(source_bytes +
	destination_bytes) AS bytes FROM flow GROUP BY 1 ORDER BY 1;
	SELECT network_community_id, nat_community_id FROM flow WHERE network_transport = 'icmp';
	SELECT count(*) FROM flow WHERE destination_port = '443' AND
	ip_in(source_address, '192.0.2.0/24')"
try()
{
	"$FLOWPLAY" sql recording "$1"
	echo "$?" >&2
}
try 'SELEC 1'
try 'SELECT 1; SELECT x FROM flow'
try "ATTACH 'x.db' AS x"
try "VACUUM INTO 'x.db'"
try 'DELETE FROM loss'
try "SELECT load_extension('x')"
ls
"$FLOWPLAY" sql recording missing 'SELECT 1'
echo "$?"
"$FLOWPLAY" sql missing
