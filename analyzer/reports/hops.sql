-- title: Hops
-- summary: Where each connection was seen, hop by hop, and what each hop counted.
WITH place AS MATERIALIZED (
  SELECT recording_id, max(segment) AS segment, flow_id, min(start_ns) AS start_ns,
    source_address, source_port, destination_address, destination_port, network_iana_number,
    network_namespace, interface_index, network_io_direction,
    min(source_order) AS source_order, min(destination_order) AS destination_order,
    sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
    sum(destination_packets) AS destination_packets,
    sum(destination_bytes) AS destination_bytes
  FROM hop
  GROUP BY recording_id, flow_id, source_address, source_port, destination_address,
    destination_port, network_iana_number, network_namespace, interface_index,
    network_io_direction
),
connection AS MATERIALIZED (
  SELECT recording_id, flow_id, min(start_ns) AS start_ns FROM place GROUP BY 1, 2
)
SELECT rfc3339(c.start_ns, 3) AS first, p.flow_id, p.network_iana_number,
  p.source_address, p.source_port, p.destination_address, p.destination_port,
  coalesce((SELECT i.network_namespace_name FROM interface AS i
    WHERE i.segment = p.segment AND i.network_namespace = p.network_namespace
    AND i.network_namespace_name IS NOT NULL LIMIT 1), p.network_namespace) AS network_namespace,
  coalesce(
    (SELECT i.network_interface_name FROM interface AS i
      WHERE i.segment = p.segment AND i.network_namespace = coalesce(p.network_namespace, 0)
      AND i.interface_index = p.interface_index AND i.first_ns <= p.start_ns
      ORDER BY i.first_ns DESC LIMIT 1),
    (SELECT i.network_interface_name FROM interface AS i
      WHERE i.segment = p.segment AND i.network_namespace = coalesce(p.network_namespace, 0)
      AND i.interface_index = p.interface_index
      ORDER BY i.first_ns LIMIT 1),
    p.interface_index)
    AS network_interface_name,
  p.network_io_direction, p.source_order, p.source_packets, p.source_bytes,
  p.destination_order, p.destination_packets, p.destination_bytes
FROM place AS p JOIN connection AS c USING (recording_id, flow_id)
ORDER BY c.start_ns, p.flow_id, coalesce(p.source_order, 1000), p.destination_order DESC
