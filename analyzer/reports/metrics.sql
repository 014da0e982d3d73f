-- title: Metrics
-- summary: What flowplay compare compares, a row a value; of sampled ones a row a sample.
-- The fingerprint is that of flowplay compare --recipe, else ours; --arms leaves one arm of an
-- experiment, which is then called "arm".
-- kind: exact, sampled, proportion (value of whole) or context; better: lower, higher or nothing.
WITH
-- sizes
size AS MATERIALIZED (
  SELECT stream, sum(rows) AS rows, sum(bytes) AS bytes FROM stream_size GROUP BY stream
),
account AS MATERIALIZED (
  SELECT stage, stream, sum(attempted - stored - excluded) AS missing FROM stage
  GROUP BY stage, stream
),
lost AS MATERIALIZED (
  SELECT stage, stream, sum(count) AS lost FROM loss GROUP BY stage, stream
),
-- cost, second by second; that of the arms of an experiment is told for each
spent AS MATERIALIZED (
  SELECT recording_id, time_ns, part, name, run_count, run_time_ns,
    user_cpu_ns + system_cpu_ns AS cpu_ns, memory_bytes, high_water_bytes
  FROM cost WHERE NOT EXISTS (SELECT 1 FROM workload)
),
held AS MATERIALIZED (
  SELECT recording_id, part, name, max(memory_bytes) AS memory_bytes,
    max(high_water_bytes) AS high_water_bytes
  FROM spent GROUP BY recording_id, part, name
),
-- windows of 5 s: a slice's rows are encoded when it ends
stored AS MATERIALIZED (
  SELECT recording_id, time_ns / 5000000000 AS window, count(*) AS rows
  FROM (SELECT recording_id, end_ns AS time_ns FROM flow
    UNION ALL SELECT recording_id, end_ns FROM hop
    UNION ALL SELECT recording_id, time_ns FROM nat
    UNION ALL SELECT recording_id, time_ns FROM process
    UNION ALL SELECT recording_id, time_ns FROM packet)
  GROUP BY 1, 2
),
window AS MATERIALIZED (
  SELECT recording_id, time_ns / 5000000000 AS window, sum(cpu_ns) AS cpu_ns,
    row_number() OVER (PARTITION BY recording_id ORDER BY time_ns / 5000000000) AS first,
    row_number() OVER (PARTITION BY recording_id ORDER BY time_ns / 5000000000 DESC) AS last
  FROM spent WHERE part = 'recorder' GROUP BY 1, 2
),
-- runs of flowrec bench that are evidence; metered ones are slower
run AS MATERIALIZED (
  SELECT *, recording_id AS recording,
    CASE arm WHEN :arm THEN 'arm' ELSE replace(arm, ' ', '_') END AS name,
    replace(coalesce(operation, 'byte'), ' ', '_') || '.' AS counted,
    coalesce(operations, bytes) * 1e9 / nullif(duration_ns, 0) AS rate,
    1.0 * (machine_user_cpu_ns + machine_system_cpu_ns + machine_interrupt_cpu_ns) /
      coalesce(operations, bytes) AS machine_cpu,
    1.0 * nullif(agent_user_cpu_ns + agent_system_cpu_ns, 0) / coalesce(operations, bytes)
      AS agent_cpu
  FROM workload
  WHERE pair > 0 AND exit_status = 0
    AND (:arm IS NULL OR arm = :arm OR role IN ('baseline', 'repeat'))
),
-- each run beside the baseline's of its pair: what drifts, drifts in both
beside AS MATERIALIZED (
  SELECT CASE WHEN r.role = 'repeat' AND r.name <> 'arm' THEN 'repeat.' ELSE 'overhead.' END || r.name || '.' || r.counted AS name,
    100.0 * r.latency_p50_ns / b.latency_p50_ns - 100 AS latency_p50,
    100.0 * r.latency_p90_ns / b.latency_p90_ns - 100 AS latency_p90,
    100.0 * r.latency_p95_ns / b.latency_p95_ns - 100 AS latency_p95,
    100.0 * r.latency_p99_ns / b.latency_p99_ns - 100 AS latency_p99,
    100.0 * r.rate / b.rate - 100 AS rate,
    100.0 * r.machine_cpu / b.machine_cpu - 100 AS machine_cpu
  FROM run AS r JOIN run AS b USING (recording, command, pair)
  WHERE b.role = 'baseline' AND r.role <> 'baseline' AND r.statistics_ns = 0
    AND b.statistics_ns = 0
),
-- sightings: only where some tell which packet they are of
known AS MATERIALIZED (
  SELECT 1 FROM packet WHERE packet_identity IS NOT NULL LIMIT 1
),
design AS MATERIALIZED (SELECT d.* FROM known CROSS JOIN dedup('flowtape') AS d),
recipe AS MATERIALIZED (
  SELECT f.* FROM known CROSS JOIN
    fingerprint(coalesce(:recipe, 'flowtape'), NULL, 'split=no') AS f
  WHERE f.split = 'all'
),
stamp AS MATERIALIZED (
  SELECT sum(i.stamped) AS stamped, sum(i.merged + i.split) AS errors
  FROM known CROSS JOIN identity AS i
),
-- the host, and how it was recorded
machine AS MATERIALIZED (
  SELECT DISTINCT kernel_release, architecture, cpu_count, cpu_model, cpu_governor,
    command_line
  FROM host
),
metric(metric, unit, kind, better, value, whole) AS (
  SELECT 'recording.bytes_per_row', 'bytes', 'exact', 'lower',
    1.0 * (SELECT sum(size_bytes) FROM segment_file) / nullif((SELECT sum(rows) FROM size), 0),
    NULL
  UNION ALL
  SELECT 'stream.' || stream || '.bytes_per_row', 'bytes', 'exact', 'lower',
    1.0 * bytes / rows, NULL
  FROM size WHERE rows >= 100
  UNION ALL
  SELECT 'lost.all', 'events', 'exact', 'lower', (SELECT coalesce(sum(lost), 0) FROM lost), NULL
  UNION ALL
  SELECT 'lost.' || replace(replace(stage, ': ', '.'), ' ', '_') || '.' || stream, 'events', 'exact', 'lower', sum(lost), NULL
  FROM (SELECT stage, stream, 0 AS lost FROM account UNION ALL SELECT * FROM lost)
  GROUP BY stage, stream
  UNION ALL
  SELECT 'unaccounted', 'events', 'exact', 'lower',
    sum(abs(missing - coalesce((SELECT lost FROM lost AS l
      WHERE l.stage = a.stage AND l.stream = a.stream), 0))), NULL
  FROM account AS a HAVING count(*)

  UNION ALL
  SELECT 'cost.' || part || 's.memory', 'bytes', 'exact', 'lower', sum(memory_bytes), NULL
  FROM held WHERE part IN ('map', 'ring') GROUP BY recording_id, part HAVING sum(memory_bytes)
  UNION ALL
  SELECT 'cost.recorder.memory', 'bytes', 'exact', 'lower', max(memory_bytes), NULL
  FROM held WHERE part = 'recorder' AND memory_bytes GROUP BY recording_id
  UNION ALL
  SELECT 'cost.ring.' || name || '.high_water', 'bytes', 'exact', 'lower', high_water_bytes, NULL
  FROM held WHERE part = 'ring'
  UNION ALL
  SELECT 'cost.program.' || name || '.ns_per_run', 'ns', 'sampled', 'lower',
    1.0 * run_time_ns / run_count, NULL
  FROM spent WHERE part = 'program' AND run_count >= 100 AND run_time_ns
  UNION ALL
  SELECT 'cost.recorder.cpu_per_row', 'ns', 'sampled', 'lower', 1.0 * cpu_ns / rows, NULL
  FROM window JOIN stored USING (recording_id, window) WHERE first > 1 AND last > 1

  UNION ALL SELECT name || 'latency_p50', '%', 'sampled', 'lower', latency_p50, NULL FROM beside
  UNION ALL SELECT name || 'latency_p90', '%', 'sampled', 'lower', latency_p90, NULL FROM beside
  UNION ALL SELECT name || 'latency_p95', '%', 'sampled', 'lower', latency_p95, NULL FROM beside
  UNION ALL SELECT name || 'latency_p99', '%', 'sampled', 'lower', latency_p99, NULL FROM beside
  UNION ALL SELECT name || 'rate', '%', 'sampled', 'higher', rate, NULL FROM beside
  UNION ALL SELECT name || 'machine_cpu', '%', 'sampled', 'lower', machine_cpu, NULL FROM beside
  UNION ALL
  SELECT 'workload.' || name || '.' || counted || 'latency_p50', 'ns', 'sampled', 'lower', latency_p50_ns, NULL
  FROM run WHERE statistics_ns = 0
  UNION ALL
  SELECT 'workload.' || name || '.' || counted || 'latency_p99', 'ns', 'sampled', 'lower', latency_p99_ns, NULL
  FROM run WHERE statistics_ns = 0
  UNION ALL
  SELECT 'workload.' || name || '.' || counted || 'rate', coalesce(operation || 's', 'bytes') || '/s', 'sampled',
    'higher', rate, NULL
  FROM run WHERE statistics_ns = 0
  UNION ALL
  SELECT 'cost.' || name || '.' || counted || 'ns_per_run', 'ns', 'sampled', 'lower',
    1.0 * program_run_time_ns / program_run_count, NULL
  FROM run WHERE statistics_ns > 0
  UNION ALL
  SELECT 'cost.' || run.name || '.' || counted || 'program.' || cost.name || '.ns_per_run', 'ns', 'sampled', 'lower',
    1.0 * run_time_ns / run_count, NULL
  FROM run JOIN cost ON cost.recording_id = recording AND time_ns = end_ns
  WHERE part = 'program' AND run_count >= 100 AND run_time_ns
  UNION ALL
  SELECT 'cost.' || name || '.' || counted || 'cpu_per_operation', 'ns', 'sampled', 'lower', agent_cpu, NULL
  FROM run WHERE statistics_ns = 0
  UNION ALL
  SELECT 'cost.' || name || '.maps.memory', 'bytes', 'exact', 'lower', max(map_memory_bytes), NULL
  FROM run GROUP BY recording, arm
  UNION ALL
  SELECT 'lost.' || name, 'events', 'exact', 'lower', sum(lost), NULL
  FROM run GROUP BY recording, arm HAVING max(agent) IS NOT NULL

  UNION ALL
  SELECT 'dedup.flowtape.times_counted_off', 'times', 'exact', 'lower', abs(times_counted - 1), NULL
  FROM design
  UNION ALL
  SELECT 'dedup.flowtape.false_positives', 'packets', 'proportion', 'lower', false_positives,
    true_skbs
  FROM design
  UNION ALL
  SELECT 'dedup.flowtape.false_negatives', 'sightings', 'proportion', 'lower', false_negatives,
    sightings - unknown_sightings
  FROM design
  UNION ALL
  SELECT 'fingerprint.' || coalesce(recipe, fields) || '.false_positives', 'sightings', 'proportion', 'lower',
    false_positives, true_positives + false_positives
  FROM recipe
  UNION ALL
  SELECT 'fingerprint.' || coalesce(recipe, fields) || '.false_negatives', 'sightings', 'proportion', 'lower',
    false_negatives, true_positives + false_negatives
  FROM recipe
  UNION ALL
  SELECT 'identity.errors', 'sightings', 'proportion', 'lower', errors, stamped
  FROM stamp WHERE stamped

  UNION ALL SELECT 'kernel_release', NULL, 'context', '', kernel_release, NULL FROM machine
  UNION ALL SELECT 'architecture', NULL, 'context', '', architecture, NULL FROM machine
  UNION ALL SELECT 'cpu_count', NULL, 'context', '', cpu_count || ' CPUs', NULL FROM machine
  UNION ALL SELECT 'cpu_model', NULL, 'context', '', cpu_model, NULL FROM machine
  UNION ALL SELECT 'cpu_governor', NULL, 'context', '', cpu_governor, NULL FROM machine
  UNION ALL SELECT DISTINCT 'flowtape', NULL, 'context', '', writer, NULL FROM segment
  -- without the program's own path, and where the recording went
  UNION ALL
  SELECT 'command_line', NULL, 'context', '',
    CASE instr(words, ' -o ') WHEN 0 THEN words
    ELSE substr(words, 1, instr(words, ' -o ')) ||
      ltrim(substr(words, instr(words, ' -o ') + 4 +
        instr(substr(words, instr(words, ' -o ') + 4) || ' ', ' ') - 1)) END, NULL
  FROM (SELECT trim(substr(command_line, instr(command_line || ' ', ' '))) AS words FROM machine)
  UNION ALL
  SELECT 'probes', NULL, 'context', '', group_concat(feature || ': ' || variant, ', '), NULL
  FROM (SELECT DISTINCT feature, variant FROM probe WHERE chosen AND feature <> 'filter'
    ORDER BY feature, variant) HAVING count(*)
  UNION ALL
  SELECT 'streams', NULL, 'context', '', group_concat(stream, ', '), NULL
  FROM (SELECT stream FROM size WHERE stream IN ('flow', 'hop', 'packet', 'workload')
    ORDER BY stream) HAVING count(*)
  UNION ALL
  SELECT DISTINCT 'sampling_rate', NULL, 'context', '', '1/' || sampling_rate, NULL FROM flow
  UNION ALL
  SELECT DISTINCT 'workload', NULL, 'context', '', command, NULL FROM run
  UNION ALL
  SELECT DISTINCT 'agent.' || name, NULL, 'context', '',
    CASE WHEN agent LIKE '%flowrec record%' THEN substr(agent, instr(agent, 'flowrec record'))
    ELSE agent END, NULL
  FROM run
  UNION ALL
  SELECT 'rows.' || stream, 'rows', 'context', '', rows, NULL FROM size WHERE stream <> 'cost'
  UNION ALL
  SELECT 'traffic.packets', 'packets', 'context', '', sum(source_packets + destination_packets), NULL
  FROM flow HAVING count(*)
  UNION ALL
  SELECT 'traffic.bytes', 'bytes', 'context', '', sum(source_bytes + destination_bytes), NULL
  FROM flow HAVING count(*)
)
SELECT metric, unit, kind, better, value, whole FROM metric WHERE value IS NOT NULL
