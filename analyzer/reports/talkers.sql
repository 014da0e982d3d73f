-- title: Talkers
-- summary: Who talked to whom, by which service and process, how much; the most bytes first.
-- chart: bar label=source_address+destination_address+destination_port+process_executable_name value=source_bytes,destination_bytes
WITH connection AS MATERIALIZED (
  SELECT source_address, destination_address, network_transport,
    CASE WHEN network_iana_number IN (1, 58) THEN NULL ELSE destination_port END
      AS destination_port,
    max(process_executable_name) AS process_executable_name,
    sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
    sum(destination_packets) AS destination_packets,
    sum(destination_bytes) AS destination_bytes
  FROM flow
  GROUP BY recording_id, flow_id
)
SELECT source_address, destination_address, destination_port, network_transport,
  process_executable_name, count(*) AS connections,
  sum(source_packets) AS source_packets, sum(source_bytes) AS source_bytes,
  sum(destination_packets) AS destination_packets, sum(destination_bytes) AS destination_bytes
FROM connection
GROUP BY source_address, destination_address, destination_port, network_transport,
  process_executable_name
ORDER BY sum(source_bytes) + sum(destination_bytes) DESC, source_address, destination_address,
  destination_port
