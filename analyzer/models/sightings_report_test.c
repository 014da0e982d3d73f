/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the reports on sightings, and of what identity says of stamps.
 */
#include "analyzer/models/path_test.h"
#include "analyzer/reports.h"

static const char *report(const char *name)
{
	for (size_t i = 0; embedded_reports[i].name; i++)
		if (!strcmp(embedded_reports[i].name, name))
			return embedded_reports[i].sql;
	fail_msg("there is no report %s", name);
	return NULL;
}

/* Some columns of a report's rows. */
static void expect(sqlite3 *database, const char *name, const char *columns, const char *rest,
		   const char *expected)
{
	char *sql = sqlite3_mprintf("SELECT %s FROM (%s) %s", columns, report(name), rest);

	sample_expect(database, sql, expected);
	sqlite3_free(sql);
}

static void each_report_says_what_the_models_found(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	path_translated_flow(&path, 1, 300, 100000);
	sample = path_open(&path);
	expect(sample.database, "dedup", "model, times_counted",
	       "WHERE model IN ('netobserv-1.8', 'flowtape')",
	       "netobserv-1.8|4.0\n"
	       "flowtape|1.0");
	expect(sample.database, "fingerprint", "f1, false_negatives, errors_by_pair",
	       "WHERE recipe IN ('id-length-protocol', 'arkime')",
	       "1.0|0|\n"
	       "0.666667|600|translated 600");
	/* What beats a published one has no more errors, and no more state. */
	expect(sample.database, "fingerprint-sweep",
	       "count(*), sum(better_errors > errors OR better_state_bytes > state_bytes)",
	       "WHERE kind = 'published' AND better_fields IS NOT NULL", "11|0");
	/* One packet after the other: 8 bits of the last identification are enough. */
	expect(sample.database, "fingerprint-sweep",
	       "kind, errors, state_bytes, digest_ns, fields, function, width_bits, "
	       "table_entries, beats, unbeaten",
	       "WHERE kind IN ('winner', 'closest')",
	       "winner|0|1|4.0|ip_identification:16|crc32|8|1|11|");
	/* 65536 packets at a million a second, all of one flow and one length. */
	expect(sample.database, "fingerprint-rate",
	       "window_ms, calculated_percent, replayed_percent, agrees, knee_window_ms, "
	       "identification",
	       "WHERE recipe = 'id-length-protocol' AND million_packets_per_s = 1 "
	       "AND window_ms IN (10, 100)",
	       "10.0|5.421e-14|0.0|yes|65.536|holds\n"
	       "100.0|100.0|100.0|yes|65.536|wraps");
	expect(sample.database, "identity", "packet_identity, sightings, skbs", "",
	       "exact|1200|0\n"
	       "new|300|300");
	path_close(&path, &sample);
}

/* Packets that differ only in what no fingerprint of the sweep looks at. */
static void where_no_fingerprint_beats_all_the_report_says_which_it_does_not(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	for (uint64_t id = 1; id <= 20; id++) {
		struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);

		row.packet_id = id;
		row.payload_second = id * 0x9e3779b97f4a7c15ULL;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	}
	sample = path_open(&path);
	expect(sample.database, "fingerprint-sweep", "kind, errors, beats, unbeaten",
	       "WHERE kind IN ('winner', 'closest')",
	       "closest|19|9|rfc5475-bob 0 errors 160 bytes, rfc5475-crc32 0 errors 160 bytes");
	expect(sample.database, "fingerprint-sweep", "recipe",
	       "WHERE kind = 'published' AND better_fields IS NULL",
	       "rfc5475-bob\n"
	       "rfc5475-crc32");
	path_close(&path, &sample);
}

static void the_same_recording_gives_the_same_bytes(void **state)
{
	static const char *const names[] = {"dedup", "fingerprint", "fingerprint-rate",
					    "fingerprint-sweep", "identity"};
	struct path path = path_begin();
	struct sample sample;

	path_translated_flow(&path, 1, 100, 50000);
	sample = path_open(&path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *once = sample_rows(sample.database, report(names[i]));
		struct sample again = sample_open(path.directory);

		assert_true(*once);
		sample_expect(again.database, report(names[i]), once);
		sample_close(&again);
		free(once);
	}
	path_close(&path, &sample);
}

static void without_sightings_the_reports_are_empty(void **state)
{
	char *directory = sample_recording(5);
	struct sample sample = sample_open(directory);

	expect(sample.database, "dedup", "*", "", "");
	expect(sample.database, "fingerprint", "*", "", "");
	expect(sample.database, "fingerprint-rate", "*", "", "");
	expect(sample.database, "fingerprint-sweep", "*", "", "");
	expect(sample.database, "identity", "*", "", "");
	sample_close(&sample);
	scratch_remove(directory);
}

static void identity_tells_merged_from_split_and_both_from_sent_again(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	row.payload_stamp = 0x464cULL << 48 | 1;
	path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	row.payload_stamp++;
	path_hop(&path, &row, PATH_ROUTER, 3, "transmit"); /* another stamp, the same id */
	row.packet_id = 2;
	row.payload_stamp--;
	path_hop(&path, &row, PATH_ROUTER, 3, "transmit"); /* the first stamp, another id */
	path_hop(&path, &row, PATH_ROUTER, 4, "transmit"); /* which is told once */
	row.packet_id = 3;
	row.packet_relation = "again";
	path_hop(&path, &row, PATH_ROUTER, 2, "receive"); /* and again with an explanation */
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT sum(stamped), sum(merged), sum(split), sum(explained) "
		      "FROM identity",
		      "5|1|1|1");
	sample_expect(sample.database,
		      "SELECT sum(stamped), sum(merged), sum(split), sum(explained) "
		      "FROM identity('truth=packet_id')",
		      "0|0|0|0");
	path_close(&path, &sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_report_says_what_the_models_found),
		cmocka_unit_test(
			where_no_fingerprint_beats_all_the_report_says_which_it_does_not),
		cmocka_unit_test(the_same_recording_gives_the_same_bytes),
		cmocka_unit_test(without_sightings_the_reports_are_empty),
		cmocka_unit_test(identity_tells_merged_from_split_and_both_from_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
