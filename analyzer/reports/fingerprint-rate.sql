-- title: Fingerprints at internet rate
-- summary: How often each fingerprint would take a new packet for a known one at 0.1 to 100 million a second.
SELECT recipe, width_bits, packets_per_s / 1e6 AS million_packets_per_s,
  round(window_ns / 1e6, 3) AS window_ms,
  printf('%.4g', 100 * calculated_error) + 0.0 AS calculated_percent,
  round(100 * replayed_error, 4) AS replayed_percent,
  round(100 * replayed_low, 4) AS replayed_low_percent,
  round(100 * replayed_high, 4) AS replayed_high_percent,
  iif(calculated_error BETWEEN replayed_low AND replayed_high, 'yes', 'no') AS agrees,
  printf('%.4g', 100 * calculated_structural) + 0.0 AS structural_percent,
  printf('%.4g', 100 * calculated_digest) + 0.0 AS digest_percent,
  round(knee_window_ns / 1e6, 3) AS knee_window_ms,
  iif(knee_window_ns IS NULL, NULL, iif(window_ns > knee_window_ns, 'wraps', 'holds'))
    AS identification,
  round(-log2(nullif(equal_pairs, 0)), 2) AS fields_entropy_bits,
  round(-log2(nullif(equal_content_pairs, 0)), 2) AS content_entropy_bits,
  repeats, round(repeat_median_ns / 1e6, 3) AS repeat_median_ms, packets,
  round(measured_packets_per_s, 1) AS measured_packets_per_s, trials, fields, lost_sightings,
  complete, recording_id
FROM fingerprint_rate
ORDER BY recording_id, packets_per_s, window_ns, calculated_error, width_bits, recipe
