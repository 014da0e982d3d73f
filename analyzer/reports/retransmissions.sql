-- title: Retransmissions
-- summary: Whose TCP sent segments again, how many of how many, and the round trip of its path.
-- chart: bar label=source_address+destination_address+destination_port value=source_tcp_retransmits,destination_tcp_retransmits
WITH connection AS MATERIALIZED (
  SELECT source_address, destination_address, destination_port,
    max(process_executable_name) AS process_executable_name,
    sum(source_packets) AS source_packets, sum(destination_packets) AS destination_packets,
    sum(source_tcp_retransmits) AS source_tcp_retransmits,
    sum(destination_tcp_retransmits) AS destination_tcp_retransmits,
    sum(dropped_packets) AS dropped_packets, max(tcp_rtt_ns) AS tcp_rtt_ns
  FROM flow
  WHERE network_iana_number = 6
  GROUP BY recording_id, flow_id
)
SELECT source_address, destination_address, destination_port, process_executable_name,
  count(*) AS connections,
  sum(source_tcp_retransmits + destination_tcp_retransmits > 0) AS with_retransmits,
  sum(source_tcp_retransmits) AS source_tcp_retransmits, sum(source_packets) AS source_packets,
  sum(destination_tcp_retransmits) AS destination_tcp_retransmits,
  sum(destination_packets) AS destination_packets, sum(dropped_packets) AS dropped_packets,
  min(tcp_rtt_ns) AS least_rtt_ns, max(tcp_rtt_ns) AS most_rtt_ns
FROM connection
GROUP BY source_address, destination_address, destination_port, process_executable_name
HAVING sum(source_tcp_retransmits + destination_tcp_retransmits) > 0
ORDER BY sum(source_tcp_retransmits + destination_tcp_retransmits) DESC, source_address,
  destination_address, destination_port
