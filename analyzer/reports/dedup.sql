-- title: Deduplication
-- summary: The recorded sightings through every design: what each counts, over the truth.
-- chart: bar label=model value=times_counted
SELECT model, round(times_counted, 4) AS times_counted,
  round(packets_ratio, 6) AS packets_ratio, round(bytes_ratio, 6) AS bytes_ratio,
  round(own_bytes_ratio, 6) AS own_bytes_ratio,
  false_positives, round(100 * false_positive_rate, 4) AS false_positive_percent,
  false_negatives, round(100 * false_negative_rate, 4) AS false_negative_percent,
  packets, bytes, true_packets, true_bytes, sightings, unknown_sightings,
  records, peak_entries, peak_bytes, flows_dismissed, true_flows, partial_flows,
  interfaces_missed, map_full, collisions, lost_sightings, complete, recording_id
FROM dedup
