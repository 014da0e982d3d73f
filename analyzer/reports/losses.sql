-- title: Losses
-- summary: The account of every stage: attempted = stored + excluded + lost, and why it was lost.
-- chart: bar label=stage+stream value=stored,excluded,lost
WITH
lost AS MATERIALIZED (
  SELECT stage, stream, sum(count) AS lost, group_concat(reason || ' ' || count, ', ') AS reasons,
    min(first_ns) AS first_ns, max(last_ns) AS last_ns
  FROM (SELECT stage, stream, reason, sum(count) AS count, min(first_ns) AS first_ns,
      max(last_ns) AS last_ns
    FROM loss GROUP BY stage, stream, reason HAVING sum(count) > 0 ORDER BY sum(count) DESC)
  GROUP BY stage, stream
),
account AS MATERIALIZED (
  SELECT stage, stream, sum(attempted) AS attempted, sum(stored) AS stored,
    sum(excluded) AS excluded
  FROM stage GROUP BY stage, stream
)
SELECT a.stage, a.stream, a.attempted, a.stored, a.excluded, coalesce(l.lost, 0) AS lost,
  a.attempted - a.stored - a.excluded - coalesce(l.lost, 0) AS unaccounted, l.reasons,
  rfc3339(l.first_ns, 3) AS first_loss, rfc3339(l.last_ns, 3) AS last_loss
FROM account AS a LEFT JOIN lost AS l USING (stage, stream)
UNION ALL
SELECT l.stage, l.stream, NULL, NULL, NULL, l.lost, NULL, l.reasons,
  rfc3339(l.first_ns, 3), rfc3339(l.last_ns, 3)
FROM lost AS l
WHERE (l.stage, l.stream) NOT IN (SELECT stage, stream FROM account)
ORDER BY 1, 2
