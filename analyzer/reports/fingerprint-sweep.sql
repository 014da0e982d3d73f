-- title: The best fingerprints
-- summary: The fingerprints that none beats in errors, state and ns, and the one that beats all published.
-- chart: bar label=kind+recipe+fields value=errors
-- A winner beats each published recipe in its own window and in each of ours: with fewer errors in
-- no more state, or no more errors in less. Where none does, the closest beats the most of them.
-- unbeaten lists what it does not beat, of the other recipes, too, with its errors and state.
WITH score AS MATERIALIZED (
  SELECT row_number() OVER () AS id, recording_id, recipe,
    iif(recipe IS NULL, NULL, iif(publication IS NULL, 'other', 'published')) AS kind,
    iif(recipe IS NULL, fields, NULL) AS fields, function, width_bits,
    iif(window_ns < 3600000000000, round(window_ns / 1e6, 3), NULL) AS window_ms,
    table_entries, pairs + packets AS judged, false_positives + false_negatives AS errors,
    state_bytes, round(digest_ns, 1) AS digest_ns, lost_sightings, complete
  FROM fingerprint_sweep
),
-- Of those that are equal in all three, the one with the fewest fields and bits.
candidate AS MATERIALIZED (
  SELECT *, min(printf('%04d %02d %s %s %06d %09.1f', length(fields), width_bits, fields,
    function, table_entries, window_ms)) AS shortest
  FROM score WHERE recipe IS NULL
  GROUP BY recording_id, errors, state_bytes, digest_ns
),
best AS MATERIALIZED (
  SELECT * FROM candidate AS c WHERE NOT EXISTS (
    SELECT 1 FROM candidate AS o WHERE o.recording_id = c.recording_id AND o.id <> c.id
      AND o.errors <= c.errors AND o.state_bytes <= c.state_bytes
      AND o.digest_ns <= c.digest_ns)
),
beaten AS MATERIALIZED (
  SELECT r.id AS loser, r.kind AS loser_kind, b.*
  FROM (SELECT * FROM score WHERE recipe IS NOT NULL) AS r JOIN best AS b USING (recording_id)
  WHERE b.errors <= r.errors AND b.state_bytes <= r.state_bytes
    AND (b.errors < r.errors OR b.state_bytes < r.state_bytes)
),
leader AS MATERIALIZED (
  SELECT id, row_number() OVER (PARTITION BY recording_id
    ORDER BY count(*) FILTER (WHERE loser_kind = 'published') DESC, count(*) DESC, errors,
      state_bytes, digest_ns) AS place
  FROM beaten GROUP BY id
),
unbeaten AS MATERIALIZED (
  SELECT recording_id, count(DISTINCT recipe) FILTER (WHERE kind = 'published') AS published,
    group_concat(recipe || ' ' || errors || ' errors ' || state_bytes || ' bytes', ', ') AS list
  FROM (SELECT DISTINCT recording_id, kind, recipe, errors, state_bytes FROM score AS s
    WHERE recipe IS NOT NULL AND NOT EXISTS (SELECT 1 FROM beaten AS b
      JOIN leader AS l ON l.id = b.id AND l.place = 1 WHERE b.loser = s.id)
    ORDER BY kind DESC, recipe, errors, state_bytes)
  GROUP BY recording_id
),
-- Of each recipe, the window where it errs least; of what beats it there, what errs least.
recipe AS (
  SELECT *, row_number() OVER (PARTITION BY recording_id, recipe
    ORDER BY errors, state_bytes, window_ms) AS place
  FROM score WHERE recipe IS NOT NULL
),
better AS (
  SELECT *, row_number() OVER (PARTITION BY loser
    ORDER BY errors, state_bytes, digest_ns) AS place
  FROM beaten
),
told AS (
  SELECT iif(ifnull(u.published, 0), 'closest', 'winner') AS told_kind, b.*,
    (SELECT count(DISTINCT recipe) FROM score AS s WHERE s.recording_id = b.recording_id
      AND s.kind = 'published') - ifnull(u.published, 0) AS beats, u.list AS unbeaten,
    NULL AS better_errors, NULL AS better_state_bytes, NULL AS better_fields
  FROM best AS b JOIN leader AS l ON l.id = b.id AND l.place = 1
  LEFT JOIN unbeaten AS u ON u.recording_id = b.recording_id
  UNION ALL
  SELECT 'best', b.*, NULL, NULL, NULL, NULL, NULL FROM best AS b
  UNION ALL
  SELECT r.kind, r.*, NULL, NULL, b.errors, b.state_bytes, b.fields
  FROM recipe AS r LEFT JOIN better AS b ON b.loser = r.id AND b.place = 1
  WHERE r.place = 1
)
SELECT told_kind AS kind, recipe, errors,
  round(100.0 * errors / nullif(judged, 0), 4) AS error_percent, state_bytes, digest_ns, fields,
  function, width_bits, table_entries, window_ms,
  beats, unbeaten, better_errors, better_state_bytes, better_fields,
  lost_sightings, complete, recording_id
FROM told
ORDER BY recording_id, told_kind NOT IN ('winner', 'closest'), told_kind, errors, state_bytes,
  digest_ns, recipe
