# The rows that small captures become: connections, fragments, cut packets, times, interfaces.
import()
{
	echo "--- $1"
	"$FLOWREC" import -o "$1" "$CAPTURES/$1" >/dev/null 2>&1
}
rows()
{
	"$FLOWPLAY" sql "$1" --format csv "SELECT source_address, source_port, destination_address,
		destination_port, network_transport, source_packets, source_bytes,
		destination_packets, destination_bytes, start_ns FROM flow ORDER BY start_ns" 2>/dev/null
}
for capture in cooked_v1.pcap fragments.pcap snapped.pcap times.pcap nanoseconds.pcapng; do
	import $capture
	rows $capture
done
echo "--- connections of times.pcap: one in 2023, the others lie years apart"
"$FLOWPLAY" sql times.pcap --format csv "SELECT count(DISTINCT flow_id) AS connections FROM flow" \
	2>/dev/null
import cooked_v2.pcap
"$FLOWPLAY" sql cooked_v2.pcap --format csv "SELECT source_address, interface_index,
	network_io_direction, source_packets, destination_packets FROM hop ORDER BY 3" 2>/dev/null
import mixed.pcap
"$FLOWPLAY" sql mixed.pcap --format csv "SELECT network_transport, count(DISTINCT flow_id) AS
	connections, sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
	sum(destination_packets) AS destination_packets, sum(destination_bytes) AS
	destination_bytes FROM flow GROUP BY 1 ORDER BY 1" 2>/dev/null
