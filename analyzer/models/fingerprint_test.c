/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the scores of fingerprints, each worked out on paper.
 */
#include "analyzer/models/fingerprint.h"
#include "analyzer/models/path_test.h"

#define ALL                                                                            \
	"SELECT sightings, packets, pairs, claimed, true_positives, false_positives, " \
	"false_negatives, packets_dismissed FROM fingerprint"

static void on_the_translated_path_the_tuple_breaks_two_pairs_of_four(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	path_translated_flow(&path, 1, 1000, 100000);
	sample = path_open(&path);
	sample_expect(sample.database,
		      ALL "('ip_identification,network_bytes,network_iana_number', '100ms') "
			  "WHERE split = 'all'",
		      "5000|1000|4000|4000|4000|0|0|0");
	sample_expect(sample.database,
		      "SELECT value, false_negatives, printf('%.2f', recall) "
		      "FROM fingerprint('id-length-tuple') "
		      "WHERE split = 'all' OR split = 'pair' AND false_negatives",
		      "|2000|0.50\n"
		      "translated|2000|0.00");
	path_close(&path, &sample);
}

static void
an_identification_that_comes_again_within_the_window_is_a_false_positive(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* Packets 1 and 65537 have the same identification; 50 ms apart, one hop. */
	for (uint64_t i = 0; i < 2; i++) {
		struct packet_row row =
			path_udp(1 + i * 65536, "10.1.0.2", 40000, "10.1.0.1", 80);

		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
		path.now_ns += 50000000;
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT window_ns, claimed, false_positives, packets_dismissed FROM "
		      "fingerprint('ip_identification,network_bytes', '10ms,100ms') "
		      "WHERE split = 'all'",
		      "10000000|0|0|0\n"
		      "100000000|1|1|1");
	sample_expect(sample.database,
		      "SELECT false_positives FROM "
		      "fingerprint('ip_identification,payload_first', '100ms') "
		      "WHERE split = 'all'",
		      "0");
	path_close(&path, &sample);
}

static void what_happened_between_the_sightings_tells_pairs_apart(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	row.network_iana_number = IPPROTO_TCP;
	row.ip_identification = 0;
	path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	path_hop(&path, &row, PATH_ROUTER, 3, "receive"); /* switched */
	row.ip_ttl--;
	path_hop(&path, &row, PATH_ROUTER, 4, "transmit"); /* routed */
	row.source_port++;
	path_hop(&path, &row, PATH_ROUTER, 5, "transmit"); /* translated */
	row.packet_id = 2;
	row.packet_relation = "segment";
	row.parent_packet_id = 1;
	path_hop(&path, &row, PATH_ROUTER, 6, "receive"); /* segmented */
	row.packet_id = 3;
	row.packet_relation = "again";
	path_hop(&path, &row, PATH_ROUTER, 6, "receive"); /* another packet, sent again */
	row.packet_id = 4;
	row.packet_relation = NULL;
	row.parent_packet_id = 0;
	path_hop(&path, &row, PATH_ROUTER, 6, "receive"); /* another, of the same payload */
	row.packet_id = 5;
	row.payload_hash++;
	path_hop(&path, &row, PATH_ROUTER, 6, "receive"); /* another that only looks the same */
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT value, pairs, true_positives, false_positives FROM "
		      "fingerprint('ip_identification,network_bytes', '100ms') "
		      "WHERE split = 'pair'",
		      "unrelated|0|0|1\n"
		      "switched|1|1|0\n"
		      "routed|1|1|0\n"
		      "translated|1|1|0\n"
		      "segmented|1|1|0\n"
		      "retransmitted|0|0|1\n"
		      "duplicated by the application|0|0|1");
	path_close(&path, &sample);
}

static void a_full_table_forgets_the_oldest_digest(void **state)
{
	struct path path = path_begin();
	struct packet_row rows[3];
	struct sample sample;

	/* Three packets, each seen first at one hop, then at the next. */
	for (uint64_t i = 0; i < 3; i++)
		rows[i] = path_udp(1 + i, "10.1.0.2", 40000, "10.1.0.1", 80);
	for (uint32_t interface = 2; interface <= 3; interface++)
		for (int i = 0; i < 3; i++)
			path_hop(&path, &rows[i], PATH_ROUTER, interface, "receive");
	sample = path_open(&path);
	sample_expect(sample.database,
		      ALL "('ip_identification', '1s', 'entries=3') WHERE split = 'all'",
		      "6|3|3|3|3|0|0|0");
	sample_expect(sample.database,
		      ALL "('ip_identification', '1s', 'entries=2') WHERE split = 'all'",
		      "6|3|3|0|0|0|3|0");
	path_close(&path, &sample);
}

static void a_narrow_digest_collides_as_often_as_it_must(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* 4000 packets, 8 bits: after the first 256 or so, nearly every one is claimed. */
	for (uint64_t id = 1; id <= 4000; id++) {
		struct packet_row row = path_udp(id, "10.1.0.2", 40000, "10.1.0.1", 80);

		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets_dismissed >= 3744, peak_entries <= 256, state_bytes FROM "
		      "fingerprint('payload_first', '10s', 'width=8') WHERE split = 'all'",
		      "1|1|1280");
	sample_expect(sample.database,
		      "SELECT packets_dismissed, peak_entries, state_bytes FROM "
		      "fingerprint('payload_first', '10s', 'width=64') WHERE split = 'all'",
		      "0|4000|48000");
	path_close(&path, &sample);
}

static void a_table_of_some_size_takes_all_of_it(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	path_translated_flow(&path, 1, 10, 100000);
	sample = path_open(&path);
	/* Of each entry 12 bits, and 32 of its time, which a window without an end needs not.
	 */
	sample_expect(sample.database,
		      "SELECT peak_entries, state_bytes FROM fingerprint('payload_first', "
		      "'1s,3600s', 'width=12,entries=100') WHERE split = 'all'",
		      "10|550\n"
		      "10|150");
	sample_expect(sample.database,
		      "SELECT peak_entries, state_bytes FROM fingerprint('payload_first', "
		      "'1s', 'width=12') WHERE split = 'all'",
		      "10|55");
	/* Designs that are published keep what their programs keep. */
	sample_expect(sample.database,
		      "SELECT recipe, state_bytes FROM fingerprint WHERE split = 'all' AND "
		      "recipe IN ('netobserv-poc-time', 'arkime', 'editcap-d', 'ipsx') "
		      "ORDER BY recipe",
		      "arkime|133169025\n"
		      "editcap-d|200\n"
		      "ipsx|180\n" /* 3 digests a packet: the addresses change twice */
		      "netobserv-poc-time|644398");
	path_close(&path, &sample);
}

static void what_stands_in_for_a_missing_field_tells_packets_apart(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* The first has a time, which its segment has too; the others have none. */
	for (uint64_t id = 1; id <= 3; id++) {
		struct packet_row row = path_udp(id, "10.1.0.2", 40000, "10.1.0.1", 80);

		row.skb_time_ns = id == 1 ? 5000 : 0;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
		row.ip_identification += id == 1 ? 7 : 0;
		path_hop(&path, &row, PATH_ROUTER, 3, "receive");
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      ALL "('skb_time_ns|ip_identification:16', '1s') WHERE split = 'all'",
		      "6|3|3|3|3|0|0|0");
	sample_expect(sample.database,
		      ALL
		      "('skb_time_ns|ip_identification:16', '1s', 'function=crc32,width=32')"
		      " WHERE split = 'all'",
		      "6|3|3|3|3|0|0|0");
	sample_expect(sample.database, ALL "('skb_time_ns', '1s') WHERE split = 'all'",
		      "6|3|3|4|3|1|0|1");
	sample_expect(sample.database, ALL "('ip_identification', '1s') WHERE split = 'all'",
		      "6|3|3|2|2|0|1|0");
	path_close(&path, &sample);
}

static void sightings_of_unknown_packets_are_not_judged(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(0, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	path_hop(&path, &row, PATH_ROUTER, 3, "receive");
	sample = path_open(&path);
	sample_expect(sample.database, ALL "('ip_identification', '1s')", "");
	sample_expect(sample.database,
		      "SELECT sightings, unknown_sightings, true_skbs, packets "
		      "FROM dedup('raw')",
		      "2|2|0|2");
	path_close(&path, &sample);
}

static void the_sweep_finds_the_fewest_fields_without_an_error(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* One packet after the other: a single entry of 8 bits is enough. */
	path_translated_flow(&path, 1, 200, 100000);
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT fields, width_bits, table_entries, state_bytes "
		      "FROM fingerprint_sweep WHERE recipe IS NULL "
		      "AND false_positives + false_negatives = 0 "
		      "ORDER BY state_bytes, length(fields), fields LIMIT 1",
		      "ip_identification:16|8|1|1");
	/* Without a limit to the table, what begins the payload, and 16 bits of it. */
	sample_expect(sample.database,
		      "SELECT fields, function, width_bits FROM fingerprint_sweep "
		      "WHERE recipe IS NULL AND window_ns = 100000000 "
		      "AND table_entries IS NULL AND false_positives + false_negatives = 0 "
		      "ORDER BY state_bytes, length(fields), function DESC LIMIT 1",
		      "payload_first|xxh3|16");
	/* With the tuple, none is right. */
	sample_expect(sample.database,
		      "SELECT count(*), min(false_negatives) FROM fingerprint_sweep "
		      "WHERE recipe IS NULL AND window_ns = 100000000 AND width_bits = 64 "
		      "AND fields LIKE '%source_address%'",
		      "68|400"); /* 2^6, and with each of four that stand apart */
	path_close(&path, &sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_the_translated_path_the_tuple_breaks_two_pairs_of_four),
		cmocka_unit_test(
			an_identification_that_comes_again_within_the_window_is_a_false_positive),
		cmocka_unit_test(what_happened_between_the_sightings_tells_pairs_apart),
		cmocka_unit_test(a_full_table_forgets_the_oldest_digest),
		cmocka_unit_test(a_narrow_digest_collides_as_often_as_it_must),
		cmocka_unit_test(a_table_of_some_size_takes_all_of_it),
		cmocka_unit_test(what_stands_in_for_a_missing_field_tells_packets_apart),
		cmocka_unit_test(sightings_of_unknown_packets_are_not_judged),
		cmocka_unit_test(the_sweep_finds_the_fewest_fields_without_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
