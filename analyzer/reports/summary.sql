-- title: Summary
-- summary: What the recording holds, in numbers.
WITH
connection AS MATERIALIZED (
  SELECT network_transport,
    max(source_nat_address IS NOT NULL OR destination_nat_address IS NOT NULL
      OR source_nat_port IS NOT NULL OR destination_nat_port IS NOT NULL) AS translated,
    max(process_pid IS NOT NULL) AS has_process,
    count(*) AS slices,
    sum(source_packets + destination_packets) AS packets,
    sum(source_bytes + destination_bytes) AS bytes
  FROM flow
  GROUP BY recording_id, flow_id
),
total AS MATERIALIZED (
  SELECT min(first_ns) AS first_ns, max(last_ns) AS last_ns FROM stream_size
)
SELECT 'host' AS fact, group_concat(DISTINCT host_name) AS value, '' AS unit FROM host
UNION ALL SELECT 'first row', rfc3339(first_ns, 3), '' FROM total
UNION ALL SELECT 'last row', rfc3339(last_ns, 3), '' FROM total
UNION ALL SELECT 'span', round((last_ns - first_ns) / 1e9, 3), 'seconds' FROM total
UNION ALL SELECT 'connections', count(*), '' FROM connection
UNION ALL SELECT * FROM (
  SELECT 'connections, ' || network_transport, count(*), '' FROM connection
  GROUP BY network_transport ORDER BY count(*) DESC, network_transport)
UNION ALL SELECT 'connections translated (NAT)', coalesce(sum(translated), 0), '' FROM connection
UNION ALL SELECT 'connections with a known process', coalesce(sum(has_process), 0), ''
  FROM connection
UNION ALL SELECT 'packets', coalesce(sum(packets), 0), 'packets' FROM connection
UNION ALL SELECT 'network-layer bytes', coalesce(sum(bytes), 0), 'bytes' FROM connection
UNION ALL SELECT 'source addresses', count(DISTINCT source_address), '' FROM flow
UNION ALL SELECT 'destination addresses', count(DISTINCT destination_address), '' FROM flow
UNION ALL SELECT 'processes seen', count(DISTINCT process_entity_id), '' FROM process
UNION ALL SELECT 'processes that began', count(DISTINCT process_entity_id), '' FROM process
  WHERE event_action = 'fork'
UNION ALL SELECT 'containers', count(DISTINCT container_id), '' FROM process
UNION ALL SELECT 'network namespaces', count(DISTINCT network_namespace), '' FROM interface
UNION ALL SELECT 'interfaces', count(*), ''
  FROM (SELECT DISTINCT network_namespace, interface_index, network_interface_name FROM interface)
UNION ALL SELECT 'size of the recording', sum(size_bytes), 'bytes' FROM segment_file
UNION ALL SELECT 'not recorded', group_concat(feature, ', '), ''
  FROM (SELECT DISTINCT feature FROM (SELECT feature FROM probe GROUP BY segment, feature
    HAVING max(chosen) = 0) ORDER BY feature) HAVING count(*)
UNION ALL SELECT 'events lost', coalesce(sum(count), 0), '' FROM loss
