-- title: Fingerprints
-- summary: How far each published fingerprint can be trusted on these sightings, and where it errs.
-- chart: bar label=recipe value=f1
WITH score AS MATERIALIZED (SELECT * FROM fingerprint),
cause AS MATERIALIZED (
  SELECT recording_id, recipe, group_concat(value || ' ' || errors, ', ') AS errors
  FROM (SELECT recording_id, recipe, value, false_positives + false_negatives AS errors
    FROM score WHERE split = 'pair' AND false_positives + false_negatives > 0
    ORDER BY recording_id, recipe, false_positives + false_negatives DESC, value)
  GROUP BY recording_id, recipe
)
SELECT s.recipe, s.function, s.width_bits, round(s.window_ns / 1e6, 3) AS window_ms,
  round(s.f1, 6) AS f1,
  round(s.precision, 6) AS precision, round(s.precision_low, 6) AS precision_low,
  round(s.precision_high, 6) AS precision_high,
  round(s.recall, 6) AS recall, round(s.recall_low, 6) AS recall_low,
  round(s.recall_high, 6) AS recall_high,
  s.packets, s.packets_dismissed, round(100 * s.dismissed_rate, 4) AS dismissed_percent,
  s.pairs, s.false_positives, s.false_negatives, c.errors AS errors_by_pair,
  s.peak_entries, s.state_bytes, s.fields, s.lost_sightings, s.complete, s.recording_id
FROM score AS s LEFT JOIN cause AS c USING (recording_id, recipe)
WHERE s.split = 'all'
ORDER BY s.recording_id, s.f1 DESC, s.state_bytes, s.recipe
