/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the streams as SQL tables.
 */
#include "analyzer/table.h"
#include "analyzer/sample_test.h"

#define FLOWS 95

struct fixture {
	char *directory;
	struct sample sample;
};

static int open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->directory = sample_recording(FLOWS);
	fixture->sample = sample_open(fixture->directory);
	*state = fixture;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;

	sample_close(&fixture->sample);
	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

static sqlite3 *database(void **state)
{
	return ((struct fixture *)*state)->sample.database;
}

static void sums_count_every_row_once(void **state)
{
	sample_expect(database(state),
		      "SELECT count(*), sum(source_bytes), sum(destination_bytes),"
		      " min(start_ns), max(end_ns) FROM flow",
		      "95|4560|9120|1700000001000000000|1700000095500000000");
}

static void values_are_shown_as_people_write_them(void **state)
{
	sample_expect(
		database(state),
		"SELECT source_address, destination_address, source_port, destination_port,"
		" network_transport, source_nat_address, source_nat_port,"
		" destination_nat_address, process_pid, process_executable_name"
		" FROM flow WHERE flow_id IN (10, 12)",
		"10.0.0.0|10.1.0.1|40010|443|tcp|192.0.2.1|50010||103|worker-3\n"
		"10.0.0.2|10.1.0.1|40012|53|udp|||||");
}

static void what_is_not_known_is_null(void **state)
{
	sample_expect(
		database(state),
		"SELECT count(*), count(process_pid), count(process_executable_name),"
		" count(source_nat_address), count(container_id), count(network_namespace),"
		" count(icmp_type) FROM flow",
		"95|64|64|9|0|0|95");
}

/* Each constraint gives the same rows when it is kept from the virtual table by an operator. */
static void a_pushed_constraint_gives_what_an_unpushed_one_gives(void **state)
{
	static const char *const columns[] = {
		"flow_id",
		"start_ns",
		"end_ns",
		"source_port",
		"source_bytes",
		"process_pid",
		"icmp_type",
		"source_address",
		"network_transport",
		"process_executable_name",
		"source_nat_address",
		"sampling_rate",
	};
	static const char *const operators[] = {"=", "<", "<=", ">", ">=", "IS", "<>"};
	static const char *const values[] = {
		"42",
		"'42'",
		"42.0",
		"42.5",
		"0",
		"-1",
		"NULL",
		"''",
		"40042",
		"'40042'",
		"103",
		"1700000042000000000",
		"1700000042500000000",
		"'1700000042000000000'",
		"9223372036854775807",
		"-9223372036854775808",
		"1e300",
		"x'31'",
		"'10.0.0.2'",
		"'::ffff:10.0.0.2'",
		"'10.0.0.02'",
		"'192.0.2.1'",
		"'tcp'",
		"'TCP'",
		"'tcp' COLLATE NOCASE",
		"'TCP' COLLATE NOCASE",
		"'worker-3'",
		"'worker-99'",
		"(SELECT 42)",
		"(SELECT '40042')",
	};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		for (size_t j = 0; j < sizeof(operators) / sizeof(operators[0]); j++) {
			for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
				char *pushed = sqlite3_mprintf(
					"SELECT flow_id FROM flow WHERE %s %s %s", columns[i],
					operators[j], values[k]);
				/* A materialized copy has the same affinities and no xFilter.
				 */
				char *reference = sqlite3_mprintf(
					"SELECT flow_id FROM copy WHERE %s %s %s", columns[i],
					operators[j], values[k]);

				sample_expect_same(database(state), pushed, reference);
				sqlite3_free(pushed);
				sqlite3_free(reference);
			}
		}
	}
}

/* An ordinary table with the same rows and types. */
static int open_fixture_with_copy(void **state)
{
	char *columns, *names, *sql;

	open_fixture(state);
	columns = sample_rows(database(state), "SELECT group_concat(name || ' ' || type) FROM"
					       " pragma_table_xinfo('flow')");
	names = sample_rows(database(state),
			    "SELECT group_concat(name) FROM pragma_table_xinfo('flow')");
	sql = sqlite3_mprintf("CREATE TEMP TABLE copy(%s);"
			      " INSERT INTO copy(rowid, %s) SELECT rowid, %s FROM flow",
			      columns, names, names);
	if (sqlite3_exec(database(state), sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sqlite3_errmsg(database(state)), sql);
	sqlite3_free(sql);
	free(columns);
	free(names);
	return 0;
}

static void a_number_given_as_text_finds_its_rows(void **state)
{
	sample_expect(database(state),
		      "SELECT count(*) FROM flow WHERE destination_port = '443'", "72");
	sample_expect_same(database(state),
			   "SELECT count(*) FROM flow WHERE destination_port = 443",
			   "SELECT count(*) FROM flow WHERE +destination_port = 443");
}

static void several_constraints_hold_together(void **state)
{
	sample_expect_same(
		database(state),
		"SELECT flow_id FROM flow WHERE source_address = '10.0.0.3' AND destination_port ="
		" 443 AND network_transport = 'tcp' AND start_ns BETWEEN 1700000020000000000 AND"
		" 1700000070000000000 AND flow_id IN (3, 23, 33, 43, 63, 73)",
		"SELECT flow_id FROM flow WHERE +source_address = '10.0.0.3' AND +destination_port ="
		" 443 AND +network_transport = 'tcp' AND +start_ns BETWEEN 1700000020000000000 AND"
		" 1700000070000000000 AND +flow_id IN (3, 23, 33, 43, 63, 73)");
	sample_expect(
		database(state),
		"SELECT flow_id FROM flow WHERE flow_id = 5 OR flow_id = 15 OR source_bytes ="
		" 25 ORDER BY 1",
		"5\n15\n25");
}

static void joins_find_all_pairs(void **state)
{
	sample_expect_same(
		database(state),
		"SELECT count(*), sum(a.flow_id) FROM flow AS a JOIN flow AS b ON"
		" a.process_entity_id = b.process_entity_id AND a.flow_id < b.flow_id",
		"SELECT count(*), sum(a.flow_id) FROM copy AS a JOIN copy AS b ON"
		" a.process_entity_id = b.process_entity_id AND a.flow_id < b.flow_id");
	sample_expect_same(database(state),
			   "SELECT a.flow_id, b.flow_id FROM flow AS a LEFT JOIN flow AS b ON"
			   " b.flow_id = a.flow_id * 2 ORDER BY 1",
			   "SELECT a.flow_id, b.flow_id FROM copy AS a LEFT JOIN copy AS b ON"
			   " b.flow_id = a.flow_id * 2 ORDER BY 1");
}

/* More values than it takes to index the inner table, by each kind of key. */
static void joins_by_every_kind_of_key_find_all_pairs(void **state)
{
	static const char *const conditions[] = {
		"a.flow_id = b.flow_id + 3",
		"a.source_address = b.source_address",
		"a.start_ns = b.start_ns + 5000000000",
		"a.source_nat_address = b.source_nat_address AND a.flow_id > b.flow_id",
		"a.network_transport = b.network_transport AND a.source_port = b.source_port + 1",
		"a.process_pid = b.process_pid AND a.destination_port = 53",
		"a.source_port = b.source_port AND b.process_executable_name = 'worker-2'",
		"a.flow_id = b.source_port || ''",
		"a.rowid = b.rowid AND a.flow_id = b.flow_id",
		"a.source_bytes = b.destination_bytes / 2.0",
		"a.process_pid = nullif(b.process_pid, 103)",
	};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		static const char format[] =
			"SELECT a.flow_id, b.flow_id, a.segment, a.source_address, a.process_pid,"
			" a.network_community_id FROM %s AS b CROSS JOIN %s AS a ON %s ORDER BY 1, 2";
		char *pushed = sqlite3_mprintf(format, "flow", "flow", conditions[i]);
		char *reference = sqlite3_mprintf(format, "copy", "copy", conditions[i]);

		sample_expect_same(database(state), pushed, reference);
		sqlite3_free(pushed);
		sqlite3_free(reference);
	}
}

static void a_rowid_is_the_same_in_every_query(void **state)
{
	sample_expect(
		database(state),
		"SELECT count(DISTINCT rowid), (SELECT rowid FROM flow WHERE flow_id = 42) ="
		" (SELECT rowid FROM flow WHERE start_ns = 1700000042000000000) FROM flow",
		"95|1");
}

static void hidden_columns_say_where_a_row_is_from(void **state)
{
	sample_expect(database(state), "SELECT DISTINCT segment, recording_id FROM flow",
		      "000001.segment|sample");
}

static void community_ids_are_before_and_after_translation(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct sample sample;
	struct flow_row row = sample_flow(1);

	row.source_address = sample_address("128.232.110.120");
	row.source_port = 34855;
	row.destination_address = sample_address("66.35.250.204");
	row.destination_port = 80;
	sample_row(segment, STREAM_FLOW, &row);
	row.flow_id = 2;
	row.source_address = sample_address("10.0.0.9");
	row.source_port = 1000;
	row.source_nat_address = sample_address("128.232.110.120");
	row.source_nat_port = 34855;
	sample_row(segment, STREAM_FLOW, &row);
	free((char *)row.process_executable_name);
	sample_finish(segment);
	sample = sample_open(directory);
	sample_expect(
		sample.database,
		"SELECT network_community_id, nat_community_id FROM flow WHERE flow_id = 1",
		"1:LQU9qZlK+B5F3KDmev6m5PMibrg=|");
	sample_expect(
		sample.database,
		"SELECT network_community_id <> nat_community_id, nat_community_id FROM flow"
		" WHERE flow_id = 2",
		"1|1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	sample_close(&sample);
	scratch_remove(directory);
}

static void texts_keep_their_meaning_across_segments(void **state)
{
	char *directory = scratch_make();
	struct sample sample;

	/* The dictionaries of the two segments number the texts differently. */
	for (uint32_t i = 1; i <= 2; i++) {
		struct segment_writer *segment = sample_begin(directory, i);

		sample_flows(segment, i, 30);
		sample_finish(segment);
	}
	sample = sample_open(directory);
	sample_expect(
		sample.database,
		"SELECT segment, count(*) FROM flow WHERE process_executable_name = 'worker-1'"
		" GROUP BY segment",
		"000001.segment|4\n000002.segment|3");
	sample_expect_same(sample.database,
			   "SELECT flow_id FROM flow WHERE network_transport = 'udp'",
			   "SELECT flow_id FROM flow WHERE +network_transport = 'udp'");
	sample_close(&sample);
	scratch_remove(directory);
}

static void every_stream_is_a_table_with_its_columns(void **state)
{
	for (int id = 0; id < STREAM_COUNT; id++) {
		const struct stream *stream = stream_get(id);
		char *sql = sqlite3_mprintf("SELECT count(*) >= %u FROM pragma_table_info(%Q)",
					    stream->column_count, stream->name);
		char *all = sqlite3_mprintf("SELECT count(*) FROM (SELECT * FROM \"%w\")",
					    stream->name);

		sample_expect(database(state), sql, "1");
		sample_expect(database(state), all, id == STREAM_FLOW ? "95" : "0");
		sqlite3_free(sql);
		sqlite3_free(all);
	}
}

static void a_damaged_part_costs_its_chunk_where_it_is_needed(void **state)
{
	char *directory = sample_recording(FLOWS);
	struct sample sample;

	sample_spoil(directory, 1,
		     "UPDATE part SET data = zeroblob(length(data)) WHERE part_id IN"
		     " (SELECT part_id FROM part JOIN stream_column USING (column_id)"
		     " WHERE name = 'source_bytes' AND chunk_id = 3)");
	sample = sample_open(directory);
	assert_false(recording_is_partial(sample.recording));
	sample_expect(sample.database, "SELECT sum(destination_bytes) FROM flow", "9120");
	assert_false(recording_is_partial(sample.recording));
	/* Chunk 3 holds flows 21 to 30. */
	sample_expect(sample.database,
		      "SELECT count(source_bytes), sum(source_bytes) FROM flow", "85|4305");
	assert_true(recording_is_partial(sample.recording));
	assert_true(sample_has_note(sample.recording, "chunk 3, column source_bytes"));
	assert_true(sample_has_note(sample.recording, "10 rows"));
	sample_expect(sample.database,
		      "SELECT count(source_bytes), sum(source_bytes) FROM flow", "85|4305");
	assert_int_equal(recording_note_count(sample.recording), 1);
	sample_close(&sample);
	scratch_remove(directory);
}

static void a_text_with_a_zero_byte_is_kept_whole(void **state)
{
	char *directory = sample_recording(FLOWS);
	struct sample sample;

	sample_spoil(
		directory, 1,
		"UPDATE string SET value = 'work' || char(0) || 'er' WHERE value = 'worker-1'");
	sample = sample_open(directory);
	sample_expect(sample.database,
		      "SELECT hex(process_executable_name), count(*) FROM flow"
		      " WHERE process_executable_name NOT LIKE 'worker%' GROUP BY 1",
		      "776F726B006572|10");
	sample_close(&sample);
	scratch_remove(directory);
}

static void a_text_that_the_dictionary_lacks_is_told(void **state)
{
	char *directory = sample_recording(FLOWS);
	struct sample sample;

	sample_spoil(
		directory, 1,
		"DELETE FROM string WHERE string_id = (SELECT max(string_id) FROM string)");
	sample = sample_open(directory);
	sample_expect(sample.database, "SELECT count(*) FROM flow", "95");
	assert_false(recording_is_partial(sample.recording));
	sample_expect(sample.database, "SELECT count(process_executable_name) < 64 FROM flow",
		      "1");
	assert_true(sample_has_note(sample.recording, "table string lacks"));
	sample_close(&sample);
	scratch_remove(directory);
}

static void chunks_outside_the_bounds_are_not_read(void **state)
{
	static const char *const within[] = {
		"flow_id = 42",
		"start_ns >= 1700000031000000000",
		"source_port < 40021",
		"source_nat_address = '192.0.2.1' AND source_bytes = 50",
		"flow_id BETWEEN 81 AND 90 AND process_executable_name = 'worker-1'",
	};
	char *directory = sample_recording(FLOWS);
	struct sample sample;

	/* Flows 21 to 30 are damaged in every column. */
	sample_spoil(directory, 1, "UPDATE part SET data = x'00' WHERE chunk_id = 3");
	sample = sample_open(directory);
	for (size_t i = 0; i < sizeof(within) / sizeof(within[0]); i++) {
		char *sql =
			sqlite3_mprintf("SELECT count(*) > 0 FROM flow WHERE %s", within[i]);

		sample_expect(sample.database, sql, "1");
		if (recording_is_partial(sample.recording))
			fail_msg("%s reads: %s", within[i],
				 recording_note(sample.recording, 0));
		sqlite3_free(sql);
	}
	sample_expect(sample.database, "SELECT count(*) FROM flow WHERE flow_id = 25", "0");
	assert_true(recording_is_partial(sample.recording));
	sample_close(&sample);
	scratch_remove(directory);
}

static void what_an_older_minor_version_lacks_is_null(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct sample sample;

	sample_put(segment, "ALTER TABLE host DROP COLUMN cpu_model");
	sample_put(segment, "ALTER TABLE host DROP COLUMN cpu_governor");
	sample_put(segment, "INSERT INTO host(host_name, cpu_count) VALUES('old', 3)");
	sample_finish(segment);
	sample = sample_open(directory);
	sample_expect(sample.database,
		      "SELECT host_name, cpu_count, cpu_model IS NULL, cpu_governor IS NULL"
		      " FROM host",
		      "old|3|1|1");
	assert_false(recording_is_partial(sample.recording));
	sample_close(&sample);
	scratch_remove(directory);
}

static void sql_can_only_read(void **state)
{
	static const char *const statements[] = {
		"ATTACH 'build/attached.db' AS other",
		"VACUUM INTO 'build/vacuum.db'",
		"DELETE FROM segment",
		"UPDATE loss SET count = 0",
		"INSERT INTO host(host_name) VALUES(1)",
		"DROP TABLE loss",
		"CREATE TABLE main.mine(a)",
		"CREATE VIRTUAL TABLE other USING flow",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA writable_schema = 1",
		"UPDATE sqlite_master SET sql = ''",
		"PRAGMA temp_store_directory = '/'",
		"SELECT load_extension('x')",
		"INSERT INTO flow(flow_id) VALUES(1)",
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (sqlite3_exec(database(state), statements[i], NULL, NULL, NULL) == SQLITE_OK)
			fail_msg("%s was allowed", statements[i]);
	assert_int_equal(sqlite3_exec(database(state),
				      "CREATE TEMP VIEW short AS SELECT flow_id FROM flow;"
				      "SELECT * FROM short; DROP VIEW short",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_not_equal(access("build/vacuum.db", F_OK), 0);
	assert_int_not_equal(access("build/attached.db", F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_count_every_row_once),
		cmocka_unit_test(values_are_shown_as_people_write_them),
		cmocka_unit_test(what_is_not_known_is_null),
		cmocka_unit_test(a_pushed_constraint_gives_what_an_unpushed_one_gives),
		cmocka_unit_test(a_number_given_as_text_finds_its_rows),
		cmocka_unit_test(several_constraints_hold_together),
		cmocka_unit_test(joins_find_all_pairs),
		cmocka_unit_test(joins_by_every_kind_of_key_find_all_pairs),
		cmocka_unit_test(a_rowid_is_the_same_in_every_query),
		cmocka_unit_test(hidden_columns_say_where_a_row_is_from),
		cmocka_unit_test(community_ids_are_before_and_after_translation),
		cmocka_unit_test(texts_keep_their_meaning_across_segments),
		cmocka_unit_test(every_stream_is_a_table_with_its_columns),
		cmocka_unit_test(a_damaged_part_costs_its_chunk_where_it_is_needed),
		cmocka_unit_test(a_text_with_a_zero_byte_is_kept_whole),
		cmocka_unit_test(a_text_that_the_dictionary_lacks_is_told),
		cmocka_unit_test(chunks_outside_the_bounds_are_not_read),
		cmocka_unit_test(what_an_older_minor_version_lacks_is_null),
		cmocka_unit_test(sql_can_only_read),
	};

	return cmocka_run_group_tests(tests, open_fixture_with_copy, close_fixture);
}
