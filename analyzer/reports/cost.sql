-- title: Cost
-- summary: What each part of the recorder cost over the whole recording.
-- chart: bar label=part+name value=percent_of_one_cpu
WITH
span AS MATERIALIZED (
  SELECT recording_id, max(time_ns) - min(time_ns) AS span_ns FROM cost GROUP BY recording_id
),
part AS MATERIALIZED (
  SELECT recording_id, part, name, sum(run_count) AS run_count, sum(run_time_ns) AS run_time_ns,
    sum(user_cpu_ns) AS user_cpu_ns, sum(system_cpu_ns) AS system_cpu_ns,
    max(memory_bytes) AS memory_bytes, max(entries) AS entries,
    sum(written_bytes) AS written_bytes
  FROM cost
  GROUP BY recording_id, part, name
)
SELECT part, name,
  CASE WHEN part = 'program' THEN run_count END AS run_count,
  CASE WHEN part = 'program' THEN run_time_ns END AS run_time_ns,
  CASE WHEN run_count THEN run_time_ns / run_count END AS ns_per_run,
  CASE WHEN part = 'recorder' THEN user_cpu_ns END AS user_cpu_ns,
  CASE WHEN part = 'recorder' THEN system_cpu_ns END AS system_cpu_ns,
  CASE WHEN part <> 'map' THEN
    round(100.0 * (run_time_ns + user_cpu_ns + system_cpu_ns) / nullif(span_ns, 0), 3) END
    AS percent_of_one_cpu,
  nullif(memory_bytes, 0) AS memory_bytes, entries,
  CASE WHEN part = 'recorder' THEN written_bytes END AS written_bytes
FROM part JOIN span USING (recording_id)
ORDER BY recording_id, run_time_ns + user_cpu_ns + system_cpu_ns DESC, memory_bytes DESC, part, name
