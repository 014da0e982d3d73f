-- title: Overhead
-- summary: What recording cost a workload, by paired runs with and without it, and what they cannot say.
-- section: In words
-- note: Intervals hold the truth in 95 of 100 experiments; A/A is what the baseline differs from itself.
-- note: Could not be resolved: in more than 1 of 10 pairs fewer than 10 operations lie beyond that quantile.
-- prose: yes
WITH
found AS MATERIALIZED (SELECT *, rowid AS row FROM overhead),
experiment AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, min(start_ns) AS start_ns, count(DISTINCT iif(pair > 0 AND statistics_ns = 0, pair, NULL)) AS pairs,
    sum(pair = 0) AS warm_up, sum(pair > 0 AND exit_status <> 0) AS failed,
    sum(pair > 0 AND statistics_ns > 0) AS metered, sum(lost) AS lost, sum(errors) AS errors,
    max(iif(role = 'baseline', arm, NULL)) AS baseline_arm, max(role = 'repeat') AS has_repeat,
    max(tool) AS tool
  FROM workload GROUP BY recording_id, command
),
-- Groups whose clearest difference could not be significant tell how many pairs would do.
family AS (
  SELECT recording_id, command, arm, CASE WHEN count(*) <= 1 THEN 6 WHEN count(*) <= 3 THEN 7
    WHEN count(*) <= 6 THEN 8 ELSE 9 END AS pairs_needed
  FROM found WHERE metric LIKE 'latency%' OR metric IN ('operations_per_s', 'bytes_per_s')
    AND verdict <> 'not resolved'
  GROUP BY recording_id, command, arm
),
worded AS (
  SELECT e.experiment, e.baseline_arm, f.*, n.pairs_needed,
    CASE metric WHEN 'latency_mean' THEN 'mean latency' WHEN 'latency_p50' THEN 'p50 latency'
      WHEN 'latency_p90' THEN 'p90 latency' WHEN 'latency_p95' THEN 'p95 latency'
      WHEN 'latency_p99' THEN 'p99 latency' WHEN 'latency_p999' THEN 'p99.9 latency'
      WHEN 'operations_per_s' THEN 'throughput' WHEN 'bytes_per_s' THEN 'throughput'
      WHEN 'machine_cpu_per_operation' THEN 'CPU time an operation'
      WHEN 'machine_cpu_per_s' THEN 'CPU time a second' END AS what,
    CASE metric WHEN 'latency_p50' THEN 1 WHEN 'latency_mean' THEN 2 WHEN 'latency_p90' THEN 3
      WHEN 'latency_p95' THEN 4 WHEN 'latency_p99' THEN 5 WHEN 'latency_p999' THEN 6
      WHEN 'operations_per_s' THEN 7 WHEN 'bytes_per_s' THEN 7 ELSE 8 END AS place,
    CASE WHEN unit LIKE 'ns%' THEN CASE WHEN baseline < 1e4 THEN printf('%.0f ns', baseline)
        WHEN baseline < 1e7 THEN printf('%.1f us', baseline / 1e3)
        WHEN baseline < 1e10 THEN printf('%.1f ms', baseline / 1e6)
        ELSE printf('%.2f s', baseline / 1e9) END
      WHEN unit = 'bytes/s' THEN printf('%.1f MB/s', baseline / 1e6)
      ELSE printf('%.1f a second', baseline) END AS baseline_text,
    CASE WHEN difference_percent IS NULL THEN printf('%.3g %s', abs(difference), unit)
      ELSE printf('%.1f %%', abs(difference_percent)) END AS size_text,
    CASE WHEN difference_percent IS NULL
      THEN printf('%+.3g to %+.3g', difference_low, difference_high)
      ELSE printf('%+.1f to %+.1f %%', low_percent, high_percent) END AS interval_text,
    CASE WHEN repeat_low IS NULL THEN 'no A/A' WHEN repeat_low_percent IS NULL
      THEN printf('A/A %+.3g to %+.3g', repeat_low, repeat_high)
      ELSE printf('A/A %+.1f to %+.1f %%', repeat_low_percent, repeat_high_percent) END
      AS repeat_text,
    CASE WHEN detectable IS NULL THEN NULL WHEN detectable_percent IS NULL
      THEN printf('%.3g %s', detectable, unit)
      WHEN detectable_percent < 1 THEN printf('%.2g %%', detectable_percent)
      ELSE printf('%.1f %%', detectable_percent) END AS detectable_text
  FROM found AS f JOIN experiment AS e USING (recording_id, command)
  LEFT JOIN family AS n USING (recording_id, command, arm)
),
-- Of latencies the mean is told where the median is not known.
told AS MATERIALIZED (
  SELECT *, min(row) OVER (PARTITION BY experiment, arm) AS arm_row FROM worded AS w
  WHERE what IS NOT NULL AND (metric NOT IN ('latency_mean', 'latency_p90', 'latency_p95')
    OR metric = 'latency_mean' AND NOT EXISTS (SELECT 1 FROM worded AS m
      WHERE m.experiment = w.experiment AND m.arm = w.arm AND m.metric = 'latency_p50'
        AND m.verdict <> 'not resolved'))
  ORDER BY experiment, row
),
agent AS (
  SELECT experiment, arm, min(row) AS arm_row, max(pairs) AS runs,
    max(iif(metric = 'agent_user_cpu_per_s', difference, NULL)) / 1e6 AS user_ms,
    max(iif(metric = 'agent_system_cpu_per_s', difference, NULL)) / 1e6 AS system_ms,
    max(iif(metric = 'agent_memory', value, NULL)) / 1048576 AS memory_mib,
    max(iif(metric = 'map_memory', value, NULL)) / 1048576 AS maps_mib,
    max(iif(metric = 'written_per_s', value, NULL)) / 1e3 AS written_kb,
    max(iif(metric = 'program_run', difference, NULL)) AS run_ns,
    max(iif(metric = 'program_per_operation', difference, NULL)) AS operation_ns,
    max(iif(metric = 'program_run', pairs, NULL)) AS metered
  FROM worded WHERE what IS NULL AND verdict = 'measured' GROUP BY experiment, arm
),
sentence(experiment, part, row, place, text) AS (
  SELECT experiment, 0, 0, 0, printf('Experiment %d: %s, %d pair%s', experiment,
      iif(length(command) > 60, substr(command, 1, 57) || '...', command), pairs,
      iif(pairs = 1, '', 's')) ||
    coalesce((SELECT printf(', on %s (Linux %s, %s, %d CPUs)', coalesce(host_name, 'a host'),
      coalesce(kernel_release, '?'), coalesce(architecture, '?'), cpu_count)
      FROM host JOIN segment AS s USING (segment) WHERE s.recording_id = e.recording_id LIMIT 1),
      '') || '.'
  FROM experiment AS e
  UNION ALL
  SELECT experiment, 1, arm_row, place, printf('%s: %s %s %s than %s (%s): %s, %s, %d pairs.',
    arm, what, size_text, CASE WHEN what = 'throughput' THEN iif(verdict = 'less', 'lower', 'higher')
      ELSE verdict END, baseline_arm, baseline_text, interval_text, repeat_text, pairs)
  FROM told WHERE role <> 'repeat' AND verdict IN ('more', 'less')
  UNION ALL
  SELECT experiment, 1, arm_row, place, printf(
    '%s: %s seems %s %s, but %s differs from itself as much (%s): no claim.', arm, what, size_text,
    iif(difference > 0, 'more', 'less'), baseline_arm, repeat_text)
  FROM told WHERE role <> 'repeat' AND verdict = 'within A/A'
  UNION ALL
  SELECT experiment, 1, arm_row, 50 + place, printf(
    '%s: no difference seen in %s; one of %s would have been.', arm, what, detectable_text)
  FROM told WHERE role <> 'repeat' AND verdict = 'none seen'
  UNION ALL
  SELECT experiment, 1, arm_row, 100 + place, printf(
    '%s: %s could not be resolved: differences below %s would not have been seen.', arm, what,
    detectable_text)
  FROM told WHERE role <> 'repeat' AND verdict = 'not resolved' AND detectable_text IS NOT NULL
  UNION ALL
  SELECT experiment, 1, arm_row, 200, printf(
    '%s: %d pair%s too few to claim anything of %s; %d would be the least.', arm, max(pairs),
    iif(max(pairs) = 1, ' is', 's are'), group_concat(what, ', '), coalesce(max(pairs_needed), 6))
  FROM told WHERE role <> 'repeat' AND verdict = 'too few pairs' GROUP BY experiment, arm
  UNION ALL
  SELECT experiment, 2, arm_row, place, printf(
    'A/A: %s differs from %s, which is the same, in %s: %s. No difference below %.1f %% is claimed.',
    arm, baseline_arm, what, interval_text, max(abs(low_percent), abs(high_percent)))
  FROM told WHERE role = 'repeat' AND low_percent * high_percent > 0
  UNION ALL
  SELECT experiment, 2, arm_row, 0, printf(iif(max(verdict <> 'too few pairs'),
      'A/A: %s, which is the same as %s, does not differ from it in %d pairs.',
      'A/A: whether %s differs from %s, which is the same, cannot be told (pairs: %d).'),
    arm, baseline_arm, max(pairs))
  FROM told WHERE role = 'repeat' AND difference_low IS NOT NULL
  GROUP BY experiment, arm HAVING sum(difference_low > 0 OR difference_high < 0) = 0
  UNION ALL
  SELECT experiment, 2, 0, 0,
    'No arm repeats the baseline (A/A): what differs without a cause is not known.'
  FROM experiment WHERE NOT has_repeat
  UNION ALL
  SELECT experiment, 3, arm_row, 0, printf('%s: its agent takes ', arm) || ltrim(
    iif(user_ms, printf(', %.2f ms/s of user CPU, %.2f in the kernel', user_ms, system_ms), '') ||
    iif(memory_mib, printf(', %.1f MiB', memory_mib), '') ||
    iif(maps_mib, printf(', maps of %.1f MiB', maps_mib), '') ||
    iif(written_kb, printf(', writes %.1f kB/s', written_kb), ''), ', ') || '.'
  FROM agent WHERE coalesce(user_ms, memory_mib, maps_mib) IS NOT NULL
  UNION ALL
  SELECT experiment, 3, arm_row, 1, printf('%s: its programs take %.1f ns a run', arm, run_ns) ||
    iif(operation_ns, printf(', %.0f ns an operation', operation_ns), '') ||
    printf(', in %d run%s with statistics on.', metered, iif(metered = 1, '', 's'))
  FROM agent WHERE run_ns IS NOT NULL
  UNION ALL
  SELECT experiment, 4, arm_row, 0, printf(
    '%s: %d of %d pairs left out: a run of it or of %s failed, is missing or does not tell.',
    arm, max(pairs_left_out), max(pairs + pairs_left_out), baseline_arm)
  FROM told GROUP BY experiment, arm HAVING max(pairs_left_out) > 0
  UNION ALL
  SELECT experiment, 5, 0, 0, iif(metered, printf('Run-time statistics were on in %d run%s, for programs alone.', metered,
      iif(metered = 1, '', 's')),
    'Run-time statistics of programs were off in all runs.') ||
    iif(warm_up, printf(' Runs to warm up: %d.', warm_up), '') ||
    iif(failed, printf(' Runs that failed: %d.', failed), '') ||
    iif(lost, printf(' Events that agents lost: %d.', lost), '')
  FROM experiment
)
SELECT text AS sentence FROM sentence WHERE text IS NOT NULL
ORDER BY experiment, part, row, place;

-- section: Latency by arm
-- note: Of all runs that are evidence: merged histograms, else the median of what the tool said of each run.
-- note: A quantile beyond which fewer than 10 operations lie is not shown.
WITH
run AS MATERIALIZED (
  SELECT recording_id, command, pair, arm, role, start_ns, operations, latency_mean_ns,
    latency_p50_ns, latency_p90_ns, latency_p95_ns, latency_p99_ns, latency_p999_ns
  FROM workload WHERE pair > 0 AND exit_status = 0 AND statistics_ns = 0
),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment FROM workload GROUP BY recording_id, command
),
bucket AS MATERIALIZED (
  SELECT l.recording_id, l.command, l.arm, l.lowest_ns, l.highest_ns, sum(l.count) AS count
  FROM latency AS l JOIN run AS r ON r.recording_id = l.recording_id AND r.command = l.command
    AND r.arm = l.arm AND r.pair = l.pair AND r.start_ns = l.time_ns
  GROUP BY l.recording_id, l.command, l.arm, l.lowest_ns, l.highest_ns
),
rank AS MATERIALIZED (
  SELECT recording_id, command, arm, (lowest_ns + highest_ns) / 2.0 AS ns,
    sum(count) OVER (PARTITION BY recording_id, command, arm ORDER BY lowest_ns) AS rank,
    sum(count) OVER (PARTITION BY recording_id, command, arm) AS total,
    sum(count * (lowest_ns + highest_ns) / 2.0) OVER (PARTITION BY recording_id, command, arm)
      AS sum_ns
  FROM bucket
),
merged AS MATERIALIZED (
  SELECT recording_id, command, arm, max(total) AS operations, max(sum_ns) / max(total) AS mean,
    min(iif(rank >= 0.5 * total, ns, NULL)) AS p50, min(iif(rank >= 0.9 * total, ns, NULL)) AS p90,
    min(iif(rank >= 0.95 * total, ns, NULL)) AS p95,
    min(iif(rank >= 0.99 * total, ns, NULL)) AS p99,
    min(iif(rank >= 0.999 * total, ns, NULL)) AS p999
  FROM rank GROUP BY recording_id, command, arm
),
-- What a tool says of each run: the median of the runs.
said AS MATERIALIZED (
  SELECT recording_id, command, arm, quantile, ns, row_number() OVER (PARTITION BY recording_id,
    command, arm, quantile ORDER BY ns) AS place, count(*) OVER (PARTITION BY recording_id, command,
    arm, quantile) AS count, operations
  FROM (
    SELECT recording_id, command, arm, operations, 'mean' AS quantile, latency_mean_ns AS ns FROM run
    UNION ALL SELECT recording_id, command, arm, operations, 'p50', latency_p50_ns FROM run
    UNION ALL SELECT recording_id, command, arm, operations, 'p90', latency_p90_ns FROM run
    UNION ALL SELECT recording_id, command, arm, operations, 'p95', latency_p95_ns FROM run
    UNION ALL SELECT recording_id, command, arm, operations, 'p99', latency_p99_ns FROM run
    UNION ALL SELECT recording_id, command, arm, operations, 'p999', latency_p999_ns FROM run)
  WHERE ns IS NOT NULL
),
median AS MATERIALIZED (
  SELECT recording_id, command, arm, max(operations) AS operations, min(operations) AS least,
    avg(iif(quantile = 'mean', ns, NULL)) AS mean, avg(iif(quantile = 'p50', ns, NULL)) AS p50,
    avg(iif(quantile = 'p90', ns, NULL)) AS p90, avg(iif(quantile = 'p95', ns, NULL)) AS p95,
    avg(iif(quantile = 'p99', ns, NULL)) AS p99, avg(iif(quantile = 'p999', ns, NULL)) AS p999
  FROM said WHERE place IN ((count + 1) / 2, (count + 2) / 2)
  GROUP BY recording_id, command, arm
),
shown AS (
  SELECT recording_id, command, arm, 'merged' AS evidence, operations, operations AS least, mean,
    p50, p90, p95, p99, p999 FROM merged
  UNION ALL
  SELECT recording_id, command, arm, 'median', operations, least, mean, p50, p90, p95, p99, p999
  FROM median AS m WHERE NOT EXISTS (SELECT 1 FROM merged WHERE recording_id = m.recording_id
    AND command = m.command AND arm = m.arm)
)
SELECT n.experiment, s.arm, s.evidence,
  (SELECT count(*) FROM run AS r WHERE r.recording_id = s.recording_id AND r.command = s.command
    AND r.arm = s.arm) AS runs,
  iif(s.evidence = 'merged', s.operations,
    (SELECT sum(operations) FROM run AS r WHERE r.recording_id = s.recording_id
      AND r.command = s.command AND r.arm = s.arm)) AS operations,
  round(mean / 1e3, 2) AS mean_us,
  iif(least * 0.5 >= 10, round(p50 / 1e3, 2), NULL) AS p50_us,
  iif(least * 0.1 >= 10, round(p90 / 1e3, 2), NULL) AS p90_us,
  iif(least * 0.05 >= 10, round(p95 / 1e3, 2), NULL) AS p95_us,
  iif(least * 0.01 >= 10, round(p99 / 1e3, 2), NULL) AS p99_us,
  iif(least * 0.001 >= 10, round(p999 / 1e3, 2), NULL) AS p999_us
FROM shown AS s JOIN number AS n USING (recording_id, command)
ORDER BY n.experiment, (SELECT max(role <> 'baseline') || max(role = 'repeat') || min(start_ns)
  FROM run AS r WHERE r.recording_id = s.recording_id AND r.command = s.command
    AND r.arm = s.arm);

-- section: Latency distribution
-- note: The slowest of so many operations took at least so long.
-- chart: line x=one_of y=latency_us series=arm xscale=log
WITH
bucket AS MATERIALIZED (
  SELECT l.recording_id, l.command, l.arm, l.lowest_ns, l.highest_ns, sum(l.count) AS count,
    max(r.role <> 'baseline') || max(r.role = 'repeat') || min(l.time_ns) AS place
  FROM latency AS l JOIN workload AS r ON r.recording_id = l.recording_id
    AND r.command = l.command AND r.arm = l.arm AND r.pair = l.pair AND r.start_ns = l.time_ns
  WHERE r.pair > 0 AND r.exit_status = 0 AND r.statistics_ns = 0
  GROUP BY l.recording_id, l.command, l.arm, l.lowest_ns, l.highest_ns
),
rank AS MATERIALIZED (
  SELECT recording_id, command, arm, (lowest_ns + highest_ns) / 2.0 AS ns,
    sum(count) OVER (PARTITION BY recording_id, command, arm ORDER BY lowest_ns) AS rank,
    sum(count) OVER (PARTITION BY recording_id, command, arm) AS total,
    min(place) OVER (PARTITION BY recording_id, command, arm) AS place
  FROM bucket
),
wanted(one_of) AS (VALUES (2), (4), (10), (20), (50), (100), (200), (500), (1000)),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, count(*) OVER () AS experiments FROM workload GROUP BY recording_id, command
)
SELECT iif(n.experiments > 1, n.experiment || ': ', '') || r.arm AS arm, w.one_of,
  round(100 - 100.0 / w.one_of, 1) AS percentile,
  round(min(iif(r.rank >= (1 - 1.0 / w.one_of) * r.total, r.ns, NULL)) / 1e3, 2) AS latency_us,
  max(r.total) AS operations
FROM wanted AS w, rank AS r JOIN number AS n USING (recording_id, command)
WHERE r.total >= 10 * w.one_of
GROUP BY n.experiment, r.recording_id, r.command, r.arm, w.one_of
ORDER BY n.experiment, min(r.place), w.one_of;

-- section: Throughput by arm
-- note: Medians of the runs; least and most are of single runs, in pairs of different weather.
-- chart: bar label=arm value=a_second
WITH
run AS MATERIALIZED (
  SELECT recording_id, command, arm, role, start_ns, operations, errors, bytes, duration_ns,
    iif(operations, operations, bytes) * 1e9 / nullif(duration_ns, 0) AS rate
  FROM workload WHERE pair > 0 AND exit_status = 0 AND statistics_ns = 0
),
placed AS MATERIALIZED (
  SELECT *, row_number() OVER (PARTITION BY recording_id, command, arm ORDER BY rate) AS place,
    count(*) OVER (PARTITION BY recording_id, command, arm) AS runs
  FROM run WHERE rate IS NOT NULL
),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, count(*) OVER () AS experiments, max(operation) AS operation
  FROM workload GROUP BY recording_id, command
)
SELECT iif(n.experiments > 1, n.experiment || ': ', '') || p.arm AS arm, max(p.runs) AS runs,
  iif(sum(p.operations), coalesce(n.operation, 'operation') || 's', 'bytes') AS counted,
  round(avg(iif(place IN ((runs + 1) / 2, (runs + 2) / 2), rate, NULL)), 1) AS a_second,
  round(min(rate), 1) AS least, round(max(rate), 1) AS most,
  iif(sum(p.operations), sum(p.operations), sum(p.bytes)) AS total, sum(p.errors) AS errors
FROM placed AS p JOIN number AS n USING (recording_id, command)
GROUP BY n.experiment, p.recording_id, p.command, p.arm
ORDER BY n.experiment, max(p.role <> 'baseline'), max(p.role = 'repeat'), min(p.start_ns);

-- section: Paired differences
-- note: What an arm's runs differ by from the baseline's in the same pair: 95 % intervals, and A/A's (repeat).
-- note: A smaller difference than detectable would not have been seen; without a difference: not resolved.
-- chart: interval label=metric value=difference_percent low=low_percent high=high_percent series=arm
WITH
found AS MATERIALIZED (SELECT *, rowid AS place FROM overhead('group=workload')),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, count(*) OVER () AS experiments FROM workload GROUP BY recording_id, command
)
SELECT iif(n.experiments > 1, n.experiment || ': ', '') || f.arm AS arm, f.metric, f.pairs,
  round(f.baseline, 1) AS baseline, round(f.difference_percent, 2) AS difference_percent,
  round(f.low_percent, 2) AS low_percent, round(f.high_percent, 2) AS high_percent,
  round(f.repeat_low_percent, 2) AS repeat_low_percent,
  round(f.repeat_high_percent, 2) AS repeat_high_percent,
  round(f.detectable_percent, 2) AS detectable_percent,
  f.verdict
FROM found AS f JOIN number AS n USING (recording_id, command)
ORDER BY n.experiment, f.role = 'repeat', f.place;

-- section: CPU in user space and kernel
-- note: Of the whole machine, in ns for each operation, or each second where no operations are counted.
-- chart: interval label=metric value=difference_ns low=low_ns high=high_ns series=arm
WITH
found AS MATERIALIZED (SELECT *, rowid AS place FROM overhead('group=machine')),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, count(*) OVER () AS experiments FROM workload GROUP BY recording_id, command
)
SELECT iif(n.experiments > 1, n.experiment || ': ', '') || f.arm AS arm,
  replace(replace(replace(f.metric, '_per_operation', ''), '_per_s', ''), 'machine_', '') AS metric,
  replace(f.unit, 'ns/', '') AS each, f.pairs, CAST(round(f.baseline) AS INTEGER) AS baseline_ns,
  CAST(round(f.difference) AS INTEGER) AS difference_ns,
  CAST(round(f.difference_low) AS INTEGER) AS low_ns,
  CAST(round(f.difference_high) AS INTEGER) AS high_ns, round(f.difference_percent, 2) AS percent,
  round(f.detectable_percent, 2) AS detectable_percent, f.verdict
FROM found AS f JOIN number AS n USING (recording_id, command)
ORDER BY n.experiment, f.role = 'repeat', f.place;

-- section: CPU of the agent
-- note: Its threads and, in runs with statistics on, its programs in the kernel.
WITH
found AS MATERIALIZED (SELECT *, rowid AS place FROM overhead('group=agent')
  WHERE unit LIKE 'ns/%'),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, count(*) OVER () AS experiments FROM workload GROUP BY recording_id, command
)
SELECT iif(n.experiments > 1, n.experiment || ': ', '') || f.arm AS arm,
  replace(replace(f.metric, '_per_operation', ''), '_per_s', '') AS metric,
  replace(f.unit, 'ns/', '') AS each, f.pairs AS runs, round(f.value, 1) AS value_ns,
  round(f.baseline, 1) AS baseline_ns, round(f.difference, 1) AS difference_ns,
  round(f.difference_low, 1) AS low_ns, round(f.difference_high, 1) AS high_ns, f.verdict
FROM found AS f JOIN number AS n USING (recording_id, command)
ORDER BY n.experiment, f.place;

-- section: Memory and disk
-- note: Of the agent alone, at the end of its runs.
-- chart: bar label=arm+metric value=difference_bytes low=low_bytes high=high_bytes
WITH
found AS MATERIALIZED (SELECT *, rowid AS place FROM overhead('group=agent')
  WHERE metric IN ('agent_memory', 'map_memory', 'written_per_s')),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, count(*) OVER () AS experiments FROM workload GROUP BY recording_id, command
)
SELECT iif(n.experiments > 1, n.experiment || ': ', '') || f.arm AS arm, f.metric, f.unit,
  f.pairs AS runs, CAST(round(f.value) AS INTEGER) AS value_bytes,
  CAST(round(f.baseline) AS INTEGER) AS baseline_bytes,
  CAST(round(f.difference) AS INTEGER) AS difference_bytes,
  CAST(round(f.difference_low) AS INTEGER) AS low_bytes,
  CAST(round(f.difference_high) AS INTEGER) AS high_bytes, f.verdict
FROM found AS f JOIN number AS n USING (recording_id, command)
ORDER BY n.experiment, f.place;

-- section: Maps and programs
-- note: Maps of 64 KiB and more, entries and memory at the most; programs while the kernel kept statistics.
WITH
run AS MATERIALIZED (
  SELECT recording_id, command, arm, start_ns, end_ns, operations, statistics_ns
  FROM workload WHERE pair > 0 AND exit_status = 0
),
number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment, count(*) OVER () AS experiments FROM workload GROUP BY recording_id, command
)
SELECT iif(n.experiments > 1, n.experiment || ': ', '') || r.arm AS arm, c.part, c.name,
  count(DISTINCT r.start_ns) AS runs, nullif(max(c.memory_bytes), 0) AS memory_bytes,
  max(c.entries) AS entries, max(c.entries_most) AS room,
  max(c.high_water_bytes) AS high_water_bytes, nullif(sum(c.run_count), 0) AS run_count,
  round(sum(c.run_time_ns) * 1.0 / nullif(sum(c.run_count), 0), 1) AS ns_per_run,
  round(sum(c.run_time_ns) * 1.0 / nullif(sum(iif(c.run_count, r.operations, 0)), 0), 1)
    AS ns_per_operation
FROM cost AS c JOIN run AS r ON r.recording_id = c.recording_id AND r.end_ns = c.time_ns
  JOIN number AS n ON n.recording_id = r.recording_id AND n.command = r.command
WHERE c.part IN ('map', 'ring', 'program')
GROUP BY n.experiment, r.recording_id, r.command, r.arm, c.part, c.name
HAVING sum(c.run_count) > 0 OR max(c.memory_bytes) >= 65536 OR c.part = 'ring'
ORDER BY n.experiment, min(r.start_ns), c.part, max(c.memory_bytes) DESC, sum(c.run_time_ns) DESC,
  c.name;

-- section: Experiment
-- note: Evidence are runs of pairs that exited with 0 and had no statistics on; position: in its pair, on average.
WITH number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment FROM workload GROUP BY recording_id, command
)
SELECT n.experiment, w.arm, w.role, count(*) AS runs,
  sum(w.pair > 0 AND w.exit_status = 0 AND w.statistics_ns = 0) AS evidence,
  sum(w.pair = 0) AS warm_up, sum(w.pair > 0 AND w.statistics_ns > 0) AS metered,
  sum(w.exit_status <> 0) AS failed, round(avg(iif(w.pair > 0, w.position, NULL)), 2) AS position,
  sum(w.errors) AS errors, sum(w.lost) AS lost
FROM workload AS w JOIN number AS n USING (recording_id, command)
GROUP BY n.experiment, w.recording_id, w.command, w.arm, w.role
ORDER BY n.experiment, w.role <> 'baseline', w.role = 'repeat', min(w.start_ns);

-- section: Arms
WITH number AS MATERIALIZED (
  SELECT recording_id, command, dense_rank() OVER (ORDER BY min(start_ns), recording_id, command)
    AS experiment FROM workload GROUP BY recording_id, command
)
SELECT n.experiment, w.arm, max(w.agent) AS agent
FROM workload AS w JOIN number AS n USING (recording_id, command)
GROUP BY n.experiment, w.recording_id, w.command, w.arm
ORDER BY n.experiment, max(w.role <> 'baseline'), max(w.role = 'repeat'), min(w.start_ns);

-- section: Workloads
SELECT dense_rank() OVER (ORDER BY min(start_ns), recording_id, command) AS experiment,
  count(DISTINCT iif(pair > 0 AND statistics_ns = 0, pair, NULL)) AS pairs, max(tool) AS tool,
  max(operation) AS operation, command, recording_id
FROM workload GROUP BY recording_id, command ORDER BY 1;
