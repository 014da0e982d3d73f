-- title: Cost
-- summary: What each part of the recorder cost; programs, in spans with run-time statistics alone.
-- note: Programs have rows of the spans in which the kernel kept such statistics; span_ns is their sum.
-- note: The time of threads is the recorder's, once more: "ended" is that of threads that are gone.
-- chart: bar label=part+name value=percent_of_one_cpu
WITH
whole AS MATERIALIZED (
  SELECT recording_id, max(time_ns) - min(time_ns) AS span_ns FROM cost GROUP BY recording_id
),
part AS MATERIALIZED (
  SELECT recording_id, part, name, sum(span_ns) AS span_ns, sum(run_count) AS run_count,
    sum(run_time_ns) AS run_time_ns, sum(user_cpu_ns) AS user_cpu_ns,
    sum(system_cpu_ns) AS system_cpu_ns, max(memory_bytes) AS memory_bytes,
    max(entries) AS entries, max(entries_most) AS entries_most,
    max(high_water_bytes) AS high_water_bytes, sum(written_bytes) AS written_bytes,
    sum(write_count) AS write_count
  FROM cost
  GROUP BY recording_id, part, name
)
SELECT part, name, part.span_ns,
  CASE WHEN part = 'program' THEN run_count END AS run_count,
  CASE WHEN part = 'program' THEN run_time_ns END AS run_time_ns,
  CASE WHEN run_count THEN run_time_ns / run_count END AS ns_per_run,
  CASE WHEN part IN ('thread', 'recorder') THEN user_cpu_ns END AS user_cpu_ns,
  CASE WHEN part IN ('thread', 'recorder') THEN system_cpu_ns END AS system_cpu_ns,
  CASE WHEN part IN ('program', 'thread', 'recorder') THEN
    round(100.0 * (run_time_ns + user_cpu_ns + system_cpu_ns)
      / coalesce(part.span_ns, nullif(whole.span_ns, 0)), 3) END AS percent_of_one_cpu,
  nullif(memory_bytes, 0) AS memory_bytes, entries, entries_most, high_water_bytes,
  CASE WHEN part = 'recorder' THEN written_bytes END AS written_bytes, write_count
FROM part JOIN whole USING (recording_id)
ORDER BY recording_id, percent_of_one_cpu DESC, memory_bytes DESC, part, name
