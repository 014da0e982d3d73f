-- title: Identity
-- summary: How each sighting's packet is known, and where the stamps of test traffic disagree.
-- chart: bar label=packet_identity+packet_relation+network_iana_number value=percent
SELECT network_iana_number, packet_identity, packet_relation, sightings,
  round(100.0 * sightings / sum(sightings) OVER (PARTITION BY recording_id), 4) AS percent,
  skbs, packets, bytes, stamped, merged, split, explained,
  CASE WHEN stamped THEN round(100.0 * (stamped - merged - split) / stamped, 4) END
    AS agreement_percent, lost_sightings, complete, recording_id
FROM identity
ORDER BY recording_id, network_iana_number, packet_identity, packet_relation
