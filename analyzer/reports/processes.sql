-- title: Processes
-- summary: Processes that had connections, or began, executed or ended while it was recorded.
WITH
party AS MATERIALIZED (
  SELECT recording_id, flow_id, process_entity_id, source_bytes + destination_bytes AS bytes
  FROM flow WHERE process_entity_id IS NOT NULL
  UNION ALL
  SELECT recording_id, flow_id, peer_process_entity_id, source_bytes + destination_bytes
  FROM flow WHERE peer_process_entity_id IS NOT NULL
),
traffic AS MATERIALIZED (
  SELECT recording_id, process_entity_id, count(DISTINCT flow_id) AS connections,
    sum(bytes) AS bytes
  FROM party
  GROUP BY recording_id, process_entity_id
),
life AS MATERIALIZED (
  SELECT recording_id, process_entity_id, process_pid,
    max(process_parent_pid) AS process_parent_pid,
    max(process_start_ns) AS process_start_ns,
    max(CASE WHEN event_action = 'exit' THEN time_ns END) AS exit_ns,
    max(CASE WHEN event_action = 'exit' THEN process_exit_code END) AS process_exit_code,
    max(process_exit_signal) AS process_exit_signal,
    max(container_id) AS container_id,
    max(event_action <> 'exists') AS happened
  FROM process
  GROUP BY recording_id, process_entity_id
),
name AS MATERIALIZED (
  SELECT recording_id, process_entity_id, process_executable_name, max(time_ns)
  FROM process
  WHERE process_executable_name IS NOT NULL
  GROUP BY recording_id, process_entity_id
),
command AS MATERIALIZED (
  SELECT recording_id, process_entity_id, max(time_ns),
    coalesce(process_command_line, process_executable_path) AS process_command_line
  FROM process
  WHERE process_command_line IS NOT NULL OR process_executable_path IS NOT NULL
  GROUP BY recording_id, process_entity_id
)
SELECT l.process_pid, l.process_parent_pid, n.process_executable_name,
  coalesce(t.connections, 0) AS connections, coalesce(t.bytes, 0) AS bytes,
  rfc3339(l.process_start_ns, 3) AS began, rfc3339(l.exit_ns, 3) AS ended,
  l.process_exit_code, l.process_exit_signal,
  c.process_command_line, l.container_id
FROM life AS l
LEFT JOIN name AS n USING (recording_id, process_entity_id)
LEFT JOIN command AS c USING (recording_id, process_entity_id)
LEFT JOIN traffic AS t USING (recording_id, process_entity_id)
WHERE l.happened OR t.connections
ORDER BY coalesce(t.bytes, 0) DESC, l.process_start_ns, l.process_pid
