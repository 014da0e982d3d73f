-- title: Connections
-- summary: Every connection with its slices joined: tuple, state, process, packets, bytes, trouble.
WITH connection AS (
  SELECT recording_id, flow_id, min(start_ns) AS start_ns, max(end_ns) AS end_ns,
    source_address, source_port, destination_address, destination_port, network_transport,
    max(source_nat_address) AS source_nat_address, max(source_nat_port) AS source_nat_port,
    max(destination_nat_address) AS destination_nat_address,
    max(destination_nat_port) AS destination_nat_port,
    max(process_executable_name) AS process_executable_name, max(process_pid) AS process_pid,
    max(container_id) AS container_id,
    max(peer_process_executable_name) AS peer_process_executable_name,
    max(peer_process_pid) AS peer_process_pid,
    sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
    sum(destination_packets) AS destination_packets,
    sum(destination_bytes) AS destination_bytes,
    max(tcp_rtt_ns) AS tcp_rtt_ns,
    sum(source_tcp_retransmits + destination_tcp_retransmits) AS tcp_retransmits,
    sum(dropped_packets) AS dropped_packets,
    arg_max(connection_state, end_ns) AS connection_state, count(*) AS slices, max(hop_count) AS hop_count
  FROM flow
  GROUP BY recording_id, flow_id
)
SELECT rfc3339(start_ns, 3) AS first, round((end_ns - start_ns) / 1e9, 3) AS seconds,
  network_transport, source_address, source_port, destination_address, destination_port,
  connection_state, process_executable_name, process_pid,
  peer_process_executable_name, peer_process_pid,
  source_packets, source_bytes, destination_packets, destination_bytes,
  round(tcp_rtt_ns / 1e6, 3) AS tcp_rtt_ms, tcp_retransmits, dropped_packets,
  source_nat_address, source_nat_port, destination_nat_address, destination_nat_port,
  slices, hop_count, flow_id, container_id
FROM connection
ORDER BY start_ns, flow_id
