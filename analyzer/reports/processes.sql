-- title: Processes
-- summary: Processes that had connections, or began, executed or ended while it was recorded.
-- chart: bar label=process_executable_name+process_pid value=bytes
WITH
party AS MATERIALIZED (
  SELECT recording_id, flow_id, process_entity_id, source_bytes + destination_bytes AS bytes
  FROM flow WHERE process_entity_id IS NOT NULL
  UNION ALL
  SELECT recording_id, flow_id, peer_process_entity_id, source_bytes + destination_bytes
  FROM flow WHERE peer_process_entity_id IS NOT NULL
    AND peer_process_entity_id IS NOT process_entity_id
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
    arg_max(process_executable_name, time_ns) AS process_executable_name,
    arg_max(coalesce(process_command_line, process_executable_path), time_ns)
      AS process_command_line,
    max(container_id) AS container_id,
    max(event_action <> 'exists') AS happened
  FROM process
  GROUP BY recording_id, process_entity_id
)
SELECT l.process_pid, l.process_parent_pid, l.process_executable_name,
  coalesce(t.connections, 0) AS connections, coalesce(t.bytes, 0) AS bytes,
  rfc3339(l.process_start_ns, 3) AS began, rfc3339(l.exit_ns, 3) AS ended,
  l.process_exit_code, l.process_exit_signal, l.container_id, l.process_command_line
FROM life AS l
LEFT JOIN traffic AS t USING (recording_id, process_entity_id)
WHERE l.happened OR t.connections
ORDER BY coalesce(t.bytes, 0) DESC, l.process_start_ns, l.process_pid
