-- title: Drops
-- summary: Who lost packets on this host, and why: the kernel's reasons, the most packets first.
-- chart: bar label=source_address+destination_address+destination_port value=dropped_packets series=dropped_reason
WITH connection AS MATERIALIZED (
  SELECT recording_id, flow_id, reason.key AS dropped_reason, network_transport, source_address,
    destination_address,
    CASE WHEN network_iana_number IN (1, 58) THEN NULL ELSE destination_port END
      AS destination_port,
    max(process_executable_name) AS process_executable_name,
    max(peer_process_executable_name) AS peer_process_executable_name,
    sum(reason.value) AS dropped_packets, min(start_ns) AS start_ns, max(end_ns) AS end_ns
  FROM flow, json_each(dropped_reasons) AS reason
  WHERE dropped_packets > 0
  GROUP BY recording_id, flow_id, reason.key
),
total AS MATERIALIZED (
  SELECT recording_id, flow_id, sum(source_packets + destination_packets) AS packets
  FROM flow
  WHERE flow_id IN (SELECT flow_id FROM connection)
  GROUP BY recording_id, flow_id
)
SELECT dropped_reason, source_address, destination_address, destination_port, network_transport,
  process_executable_name, peer_process_executable_name, count(*) AS connections,
  sum(dropped_packets) AS dropped_packets, sum(packets) AS packets,
  rfc3339(min(start_ns), 3) AS first, rfc3339(max(end_ns), 3) AS last
FROM connection JOIN total USING (recording_id, flow_id)
GROUP BY dropped_reason, source_address, destination_address, destination_port,
  network_transport, process_executable_name, peer_process_executable_name
ORDER BY sum(dropped_packets) DESC, source_address, destination_address, destination_port,
  dropped_reason
