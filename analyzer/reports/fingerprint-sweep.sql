-- title: The best fingerprints
-- summary: The fingerprints that none beats in errors and state, and what beats the published ones.
WITH score AS MATERIALIZED (
  SELECT recording_id, recipe, fields, function, width_bits, window_ns, table_entries, packets,
    pairs, packets_dismissed, false_positives + false_negatives AS errors, f1, f1_low, f1_high,
    peak_entries, state_bytes, lost_sightings, complete
  FROM fingerprint_sweep
),
-- Of those with the same errors and state, the one with the fewest fields and bits.
candidate AS MATERIALIZED (
  SELECT *, min(printf('%04d %02d %s %s %d', length(fields), width_bits, fields, function,
    ifnull(table_entries, 0))) AS shortest
  FROM score WHERE recipe IS NULL
  GROUP BY recording_id, window_ns, errors, state_bytes
),
pareto AS MATERIALIZED (
  SELECT *, min(errors) OVER (PARTITION BY recording_id, window_ns
      ORDER BY state_bytes, errors ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
      AS least_before
  FROM candidate
),
best AS MATERIALIZED (
  SELECT * FROM pareto WHERE least_before IS NULL OR errors < least_before
),
-- Of each published one what errs least in no more state, in its window or, failing that, in
-- another.
rival AS MATERIALIZED (
  SELECT s.rowid AS published, b.*, row_number() OVER (PARTITION BY s.rowid
    ORDER BY b.window_ns <> s.window_ns, b.errors, b.state_bytes, b.window_ns) AS place
  FROM (SELECT *, row_number() OVER () AS rowid FROM score WHERE recipe IS NOT NULL) AS s
  JOIN best AS b ON b.recording_id = s.recording_id AND b.state_bytes <= s.state_bytes
    AND b.errors <= s.errors AND (b.state_bytes < s.state_bytes OR b.errors < s.errors)
)
SELECT round(window_ns / 1e6, 3) AS window_ms, 'best' AS kind, recipe, fields, function,
  width_bits, table_entries, errors,
  round(100.0 * errors / nullif(pairs + packets, 0), 6) AS error_percent,
  round(f1, 6) AS f1, round(f1_low, 6) AS f1_low, round(f1_high, 6) AS f1_high,
  packets_dismissed, peak_entries, state_bytes, NULL AS better_fields,
  NULL AS better_function, NULL AS better_width_bits, NULL AS better_table_entries,
  NULL AS better_window_ms, NULL AS better_errors, NULL AS better_state_bytes,
  lost_sightings, complete, recording_id
FROM best
UNION ALL
SELECT round(s.window_ns / 1e6, 3), 'published', s.recipe, s.fields, s.function, s.width_bits,
  s.table_entries, s.errors, round(100.0 * s.errors / nullif(s.pairs + s.packets, 0), 6),
  round(s.f1, 6), round(s.f1_low, 6), round(s.f1_high, 6), s.packets_dismissed,
  s.peak_entries, s.state_bytes, b.fields, b.function, b.width_bits, b.table_entries,
  round(b.window_ns / 1e6, 3), b.errors, b.state_bytes, s.lost_sightings, s.complete,
  s.recording_id
FROM (SELECT *, row_number() OVER () AS rowid FROM score WHERE recipe IS NOT NULL) AS s
LEFT JOIN rival AS b ON b.published = s.rowid AND b.place = 1
ORDER BY recording_id, window_ms, kind, errors, state_bytes, recipe
