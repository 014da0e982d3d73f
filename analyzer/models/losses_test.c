/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that each figure says what was lost of the sightings that it rests on.
 */
#include "analyzer/models/path_test.h"
#include "analyzer/reports.h"

/* The models, and what each row of them says of its completeness. */
#define EACH_MODEL(columns)                                                                   \
	"SELECT 'dedup', " columns " FROM dedup UNION "                                       \
	"SELECT 'dedup_flows', " columns " FROM dedup_flows UNION "                           \
	"SELECT 'fingerprint', " columns " FROM fingerprint UNION "                           \
	"SELECT 'fingerprint_rate', " columns " FROM fingerprint_rate('', 'trials=1') UNION " \
	"SELECT 'fingerprint_sweep', " columns " FROM fingerprint_sweep UNION "               \
	"SELECT 'identity', " columns " FROM identity ORDER BY 1"

static const char *const report_names[] = {"dedup", "fingerprint", "fingerprint-rate",
					   "fingerprint-sweep", "identity"};

#define REPORTS (sizeof(report_names) / sizeof(report_names[0]))

static const char *report(const char *name)
{
	for (size_t i = 0; embedded_reports[i].name; i++)
		if (!strcmp(embedded_reports[i].name, name))
			return embedded_reports[i].sql;
	fail_msg("there is no report %s", name);
	return NULL;
}

/* Ten packets, 50 sightings, from SAMPLE_BEGIN_NS on. */
static struct path ten_packets(void)
{
	struct path path = path_begin();

	path_translated_flow(&path, 1, 10, 100000);
	return path;
}

/* A loss at a stage, from so many nanoseconds after the beginning to so many. */
static void lose(struct path *path, const char *stage, const char *stream, int cpu,
		 uint64_t first_ns, uint64_t last_ns, unsigned int count)
{
	char *sql =
		sqlite3_mprintf("INSERT INTO loss VALUES(%Q, %Q, 'test', %d, %lld, %lld, "
				"%u)",
				stage, stream, cpu, (sqlite3_int64)(SAMPLE_BEGIN_NS + first_ns),
				(sqlite3_int64)(SAMPLE_BEGIN_NS + last_ns), count);

	sample_put(path->segment, sql);
	sqlite3_free(sql);
}

static void a_complete_recording_has_lost_0_everywhere(void **state)
{
	struct path path = ten_packets();
	struct sample sample;

	lose(&path, "kernel", "flow", 0, 0, SECOND_NS, 7); /* of another stream */
	sample_put(path.segment, "INSERT INTO stage VALUES('kernel', 'packet', 60, 50, 10)");
	sample = path_open(&path);
	sample_expect(sample.database, EACH_MODEL("lost_sightings, complete"),
		      "dedup|0|yes\n"
		      "dedup_flows|0|yes\n"
		      "fingerprint|0|yes\n"
		      "fingerprint_rate|0|yes\n"
		      "fingerprint_sweep|0|yes\n"
		      "identity|0|yes");
	path_close(&path, &sample);
}

static void losses_of_all_stages_are_in_each_row(void **state)
{
	struct path path = ten_packets();
	struct sample sample;

	lose(&path, "kernel", "packet", 0, 0, SECOND_NS, 1);
	lose(&path, "kernel", "packet", 1, 0, SECOND_NS, 20);
	lose(&path, "intake", "packet", -1, 0, SECOND_NS, 300);
	lose(&path, "writer", "packet", -1, 0, SECOND_NS, 4000);
	lose(&path, "ledger", "any", -1, 0, SECOND_NS, 50000);
	sample = path_open(&path);
	sample_expect(sample.database, EACH_MODEL("lost_sightings, complete"),
		      "dedup|54321|no\n"
		      "dedup_flows|54321|no\n"
		      "fingerprint|54321|no\n"
		      "fingerprint_rate|54321|no\n"
		      "fingerprint_sweep|54321|no\n"
		      "identity|54321|no");
	for (size_t i = 0; i < REPORTS; i++) {
		char *sql = sqlite3_mprintf("SELECT count(*) > 0, min(lost_sightings), "
					    "max(lost_sightings), max(complete) FROM (%s)",
					    report(report_names[i]));

		sample_expect(sample.database, sql, "1|54321|54321|no");
		sqlite3_free(sql);
	}
	path_close(&path, &sample);
}

static void a_flow_lacks_what_was_lost_while_it_lasted(void **state)
{
	struct path path = path_begin();
	struct packet_row row;
	struct sample sample;

	for (uint16_t i = 0; i < 3; i++) {
		row = path_udp(1 + i, "10.1.0.2", 40000 + i, "10.1.0.1", 80);
		path.now_ns = SAMPLE_BEGIN_NS + i * SECOND_NS;
		path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
		path.now_ns += SECOND_NS / 2;
		path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	}
	/* In the first and the second; nothing in the third. */
	lose(&path, "kernel", "packet", 0, SECOND_NS / 2, SECOND_NS + SECOND_NS / 4, 3);
	lose(&path, "kernel", "packet", 1, SECOND_NS + SECOND_NS / 4, SECOND_NS * 2 - 1, 4);
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT source_port, lost_sightings, complete "
		      "FROM dedup_flows('netobserv-1.8', 'eviction=100s') ORDER BY 1",
		      "40000|3|no\n"
		      "40001|7|no\n"
		      "40002|0|yes");
	sample_expect(sample.database, "SELECT lost_sightings FROM dedup('raw')", "7");
	path_close(&path, &sample);
}

static void a_chunk_that_cannot_be_read_is_lost(void **state)
{
	struct path path = ten_packets();
	struct sample sample;

	path_flush(&path);
	path.now_ns = SAMPLE_BEGIN_NS + 10 * SECOND_NS;
	path_translated_flow(&path, 11, 4, 100000);
	sample = path_open(&path);
	sample_close(&sample);
	sample_spoil(path.directory, 1,
		     "UPDATE part SET data = zeroblob(length(data)) "
		     "WHERE chunk_id = (SELECT min(chunk_id) FROM chunk)");
	sample = sample_open(path.directory);
	for (int i = 0; i < 2; i++)
		sample_expect(sample.database, EACH_MODEL("lost_sightings, complete"),
			      "dedup|50|no\n"
			      "dedup_flows|0|no\n"
			      "fingerprint|50|no\n"
			      "fingerprint_rate|50|no\n"
			      "fingerprint_sweep|50|no\n"
			      "identity|50|no");
	path_close(&path, &sample);
}

/* Statements that leave no number of what is missing. */
static void where_nobody_knows_how_many_are_missing_it_is_not_complete(void **state)
{
	static const char *const statements[] = {
		"INSERT INTO stage VALUES('kernel', 'packet', 61, 50, 10)",
		"INSERT INTO stage VALUES('kernel', 'packet', 52, 51, 1)", /* 50 are there */
		"INSERT INTO capture(path, size_bytes, packets, counted, not_ip, truncated, "
		"malformed, unknown_link_type, problem) "
		"VALUES('a.pcap', 1, 50, 50, 0, 0, 0, 0, 'after packet 50: it ends')",
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		struct path path = ten_packets();
		struct sample sample;

		sample_put(path.segment, statements[i]);
		sample = path_open(&path);
		sample_expect(sample.database,
			      "SELECT lost_sightings, complete FROM dedup('raw')", "0|no");
		path_close(&path, &sample);
	}
}

/* What was never sealed may go on; a segment is missing between two others. */
static void a_missing_segment_makes_it_incomplete(void **state)
{
	struct path path = ten_packets();
	struct segment_writer *third = sample_begin(path.directory, 3);
	struct sample sample;

	sample_finish(third);
	sample = path_open(&path);
	sample_expect(sample.database, "SELECT DISTINCT lost_sightings, complete FROM identity",
		      "0|no");
	path_close(&path, &sample);
}

/* Ask, and expect the remark alone. */
static void expect_remark(struct sample *sample, const char *sql, const char *words)
{
	char *line;

	sample_expect(sample->database, sql, "");
	line = recording_take_remark(sample->recording);
	assert_non_null(line);
	if (!strstr(line, words))
		fail_msg("%s\nwithout\n%s", line, words);
	free(line);
	assert_null(recording_take_remark(sample->recording));
	assert_false(recording_is_partial(sample->recording));
}

static void without_sightings_each_report_says_how_to_record_them(void **state)
{
	char *directory = sample_recording(5);
	struct sample sample = sample_open(directory);

	for (size_t i = 0; i < REPORTS; i++) {
		expect_remark(&sample, report(report_names[i]),
			      "'flowrec record --streams +packet'");
		expect_remark(&sample, report(report_names[i]), directory);
	}
	expect_remark(&sample, "SELECT * FROM dedup_flows",
		      "'flowrec import --streams +packet'");
	sample_close(&sample);
	scratch_remove(directory);
}

static void sightings_that_were_all_lost_are_not_taken_for_none(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	sample_put(path.segment, "INSERT INTO stage VALUES('kernel', 'packet', 133, 100, 0)");
	sample_put(path.segment, "INSERT INTO stage VALUES('intake', 'packet', 100, 0, 100)");
	lose(&path, "kernel", "packet", 0, 0, SECOND_NS, 33);
	sample = path_open(&path);
	expect_remark(&sample, report("dedup"), "none of its 133 packet sightings was stored");
	path_close(&path, &sample);
}

static void sightings_of_unknown_packets_are_told_where_they_give_no_row(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(0, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	row.packet_identity = NULL;
	path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	sample = path_open(&path);
	expect_remark(&sample, report("fingerprint"), "of none of its 1 packet sightings");
	expect_remark(&sample, report("fingerprint-rate"), "of none of its 1 packet sightings");
	sample_expect(sample.database, "SELECT sightings, complete FROM identity", "1|yes");
	assert_null(recording_take_remark(sample.recording));
	path_close(&path, &sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_complete_recording_has_lost_0_everywhere),
		cmocka_unit_test(losses_of_all_stages_are_in_each_row),
		cmocka_unit_test(a_flow_lacks_what_was_lost_while_it_lasted),
		cmocka_unit_test(a_chunk_that_cannot_be_read_is_lost),
		cmocka_unit_test(where_nobody_knows_how_many_are_missing_it_is_not_complete),
		cmocka_unit_test(a_missing_segment_makes_it_incomplete),
		cmocka_unit_test(without_sightings_each_report_says_how_to_record_them),
		cmocka_unit_test(sightings_that_were_all_lost_are_not_taken_for_none),
		cmocka_unit_test(sightings_of_unknown_packets_are_told_where_they_give_no_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
