-- title: Translations
-- summary: Each translated connection: from when to when, its tuple before and after NAT, whose, where.
WITH connection AS MATERIALIZED (
  SELECT recording_id, flow_id, network_transport,
    max(process_executable_name) AS process_executable_name, max(process_pid) AS process_pid,
    max(container_id) AS container_id
  FROM flow
  WHERE flow_id IN (SELECT flow_id FROM nat)
  GROUP BY recording_id, flow_id
),
translation AS MATERIALIZED (
  SELECT recording_id, max(segment) AS segment, flow_id, min(time_ns) AS time_ns,
    max(CASE WHEN event_action = 'delete' THEN time_ns END) AS ended_ns,
    max(CASE WHEN event_action <> 'delete' THEN time_ns END) AS begun_ns,
    network_iana_number, source_address, source_port, destination_address, destination_port,
    source_nat_address, source_nat_port, destination_nat_address, destination_nat_port,
    network_namespace, conntrack_zone
  FROM nat
  GROUP BY recording_id, flow_id, network_iana_number, source_address, source_port,
    destination_address, destination_port, source_nat_address, source_nat_port,
    destination_nat_address, destination_nat_port, network_namespace, conntrack_zone
)
SELECT rfc3339(t.time_ns, 3) AS time,
  CASE WHEN t.ended_ns >= coalesce(t.begun_ns, 0) THEN rfc3339(t.ended_ns, 3) END AS ended,
  coalesce(c.network_transport, t.network_iana_number) AS network_transport,
  t.source_address, t.source_port, t.destination_address, t.destination_port,
  t.source_nat_address, t.source_nat_port, t.destination_nat_address, t.destination_nat_port,
  c.process_executable_name, c.process_pid,
  coalesce((SELECT i.network_namespace_name FROM interface AS i
    WHERE i.segment = t.segment AND i.network_namespace = t.network_namespace
    AND i.network_namespace_name IS NOT NULL LIMIT 1), t.network_namespace) AS network_namespace,
  t.flow_id, c.container_id
FROM translation AS t LEFT JOIN connection AS c USING (recording_id, flow_id)
ORDER BY t.time_ns, t.flow_id
