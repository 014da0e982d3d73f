-- title: Cost for each
-- summary: What recording cost in the kernel, in the recorder and on disk for each packet, flow and row.
-- note: program_ns of packets: of the programs that count them, in spans with run-time statistics alone.
-- note: program_ns of flows and rows: of all programs, where there were such statistics all the time.
-- note: stored_bytes of packets and flows: of the streams flow and hop.
WITH
whole AS MATERIALIZED (
  SELECT recording_id, sum(user_cpu_ns + system_cpu_ns) AS cpu_ns,
    sum(written_bytes) AS written_bytes, sum(packets) AS packets, sum(span_ns) AS span_ns
  FROM cost
  WHERE part = 'recorder'
  GROUP BY recording_id
),
/* By span in which the kernel kept statistics; the recorder's row of it has the packets. */
program AS MATERIALIZED (
  SELECT recording_id, time_ns, span_ns, sum(run_time_ns) AS ns,
    sum(CASE WHEN name IN ('on_receive', 'on_transmit', 'on_tc_ingress', 'on_tc_egress')
      THEN run_time_ns END) AS packet_ns
  FROM cost
  WHERE part = 'program' AND span_ns IS NOT NULL
  GROUP BY recording_id, time_ns
),
metered AS MATERIALIZED (
  SELECT recording_id, sum(program.span_ns) AS span_ns, sum(ns) AS ns,
    sum(packet_ns) AS packet_ns, sum(packets) AS packets
  FROM program JOIN cost AS r USING (recording_id, time_ns)
  WHERE r.part = 'recorder'
  GROUP BY recording_id
),
size AS MATERIALIZED (
  SELECT recording_id, sum(rows) AS rows, sum(bytes) AS bytes,
    sum(CASE WHEN stream IN ('flow', 'hop') THEN bytes END) AS flow_bytes
  FROM stream_size JOIN segment USING (segment)
  GROUP BY recording_id
),
flows AS MATERIALIZED (
  SELECT recording_id, count(DISTINCT flow_id) AS flows FROM flow GROUP BY recording_id
),
total AS MATERIALIZED (
  SELECT recording_id, whole.cpu_ns, whole.written_bytes, whole.packets, flows, rows, bytes,
    flow_bytes, metered.packet_ns, metered.packets AS metered_packets,
    /* Flows and rows are not told by span: their programs' time is known where all of it is. */
    CASE WHEN metered.span_ns = whole.span_ns THEN metered.ns END AS ns
  FROM whole
    LEFT JOIN metered USING (recording_id)
    LEFT JOIN size USING (recording_id)
    LEFT JOIN flows USING (recording_id)
)
SELECT 'packet' AS per, packets AS count,
  round(1.0 * packet_ns / nullif(metered_packets, 0), 1) AS program_ns,
  round(1.0 * cpu_ns / nullif(packets, 0), 1) AS recorder_cpu_ns,
  round(1.0 * flow_bytes / nullif(packets, 0), 2) AS stored_bytes,
  round(1.0 * written_bytes / nullif(packets, 0), 2) AS written_bytes
FROM total
UNION ALL
SELECT 'flow', flows, round(1.0 * ns / nullif(flows, 0), 1),
  round(1.0 * cpu_ns / nullif(flows, 0), 1), round(1.0 * flow_bytes / nullif(flows, 0), 2),
  round(1.0 * written_bytes / nullif(flows, 0), 2)
FROM total
UNION ALL
SELECT 'stored row', rows, round(1.0 * ns / nullif(rows, 0), 1),
  round(1.0 * cpu_ns / nullif(rows, 0), 1), round(1.0 * bytes / nullif(rows, 0), 2),
  round(1.0 * written_bytes / nullif(rows, 0), 2)
FROM total
