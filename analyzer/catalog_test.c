/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that the catalog is used when it is right, and that an answer never depends on it.
 */
#include "analyzer/catalog.h"
#include "analyzer/sample_test.h"

#include <fcntl.h>

#define SEGMENTS 5

static char *catalog_path(const char *directory)
{
	char *path;

	assert_true(asprintf(&path, "%s/" CATALOG_NAME, directory) > 0);
	return path;
}

/* What there is to be known; the same with any catalog, and with none. */
static const char *const questions[][2] = {
	{"SELECT count(*), sum(source_bytes) FROM flow", "50|1275"},
	{"SELECT segment, flow_id FROM flow WHERE flow_id IN (17, 38)",
	 "000002.segment|17\n000004.segment|38"},
	{"SELECT count(*) FROM flow WHERE source_nat_address = '192.0.2.1'", "5"},
	{"SELECT count(*) FROM flow WHERE source_nat_port IS NULL", "45"},
	{"SELECT count(*) FROM flow WHERE start_ns >= 1700000031000000000"
	 " AND end_ns < 1700000042000000000",
	 "11"},
	{"SELECT count(*) FROM nat", "0"},
	{"SELECT sum(sequence), count(DISTINCT recording_id) FROM segment", "15|1"},
	{"SELECT stream, sum(rows), min(first_ns) FROM stream_size GROUP BY stream",
	 "flow|50|1700000001000000000"},
	{"SELECT count(*), min(rows), max(rows) FROM column_size"
	 " WHERE stream = 'flow' AND \"column\" = 'flow_id'",
	 "5|10|10"},
	{"SELECT host_name, count(*) FROM host GROUP BY 1", "sample|5"},
	{"SELECT count(*) FROM segment AS s JOIN host USING (segment)"
	 " JOIN stream_size USING (segment) WHERE s.sequence = '3'",
	 "1"},
};

static void expect_answers(const char *directory)
{
	struct sample sample = sample_open(directory);

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		sample_expect(sample.database, questions[i][0], questions[i][1]);
	assert_false(recording_is_partial(sample.recording));
	sample_close(&sample);
}

static size_t open_segments(const char *directory, const char *sql)
{
	struct sample sample = sample_open(directory);
	char *rows = sample_rows(sample.database, sql);
	size_t count = recording_open_count(sample.recording);

	free(rows);
	sample_close(&sample);
	return count;
}

static void segments_are_opened_when_they_are_needed(void **state)
{
	char *directory = sample_sealed_recording(SEGMENTS);

	expect_answers(directory);
	assert_int_equal(open_segments(directory, "SELECT * FROM stream_size"), 0);
	assert_int_equal(open_segments(directory, "SELECT * FROM nat"), 0);
	assert_int_equal(open_segments(directory, "SELECT * FROM flow WHERE flow_id = 17"), 1);
	assert_int_equal(
		open_segments(directory,
			      "SELECT * FROM flow WHERE start_ns > 1700000035000000000"),
		2);
	assert_int_equal(open_segments(directory,
				       "SELECT * FROM flow WHERE source_nat_port = 50050"),
			 1);
	assert_int_equal(open_segments(directory,
				       "SELECT * FROM flow WHERE source_address = '10.9.9.9'"),
			 0);
	assert_int_equal(open_segments(directory,
				       "SELECT * FROM flow WHERE process_pid IS NULL"),
			 SEGMENTS);
	assert_int_equal(open_segments(directory, "SELECT * FROM column_size"), SEGMENTS);
	expect_answers(directory);
	scratch_remove(directory);
}

static void the_file_is_private_and_checked(void **state)
{
	char *directory = sample_sealed_recording(2), *path = catalog_path(directory);
	char digest[SEAL_DIGEST_SIZE];
	struct sample sample = sample_open(directory);
	struct stat status;

	sample_close(&sample);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(segment_digest(path, digest), 0);
	free(path);
	scratch_remove(directory);
}

/* In every page in turn a byte has a bit flipped: the answers stay, and the catalog is made
 * anew. */
static void a_flipped_bit_never_changes_an_answer(void **state)
{
	char *directory = sample_sealed_recording(SEGMENTS), *path = catalog_path(directory);
	struct stat status;
	off_t size;

	expect_answers(directory);
	assert_int_equal(stat(path, &status), 0);
	size = status.st_size;
	for (off_t at = 0; at < size; at += 1997) {
		int file = open(path, O_RDWR | O_CLOEXEC);
		unsigned char byte;

		assert_true(file >= 0);
		assert_int_equal(pread(file, &byte, 1, at), 1);
		byte ^= (unsigned char)(1 << at % 8);
		assert_int_equal(pwrite(file, &byte, 1, at), 1);
		close(file);
		expect_answers(directory);
	}
	free(path);
	scratch_remove(directory);
}

static void a_cut_or_foreign_catalog_is_made_anew(void **state)
{
	char *directory = sample_sealed_recording(SEGMENTS), *path = catalog_path(directory);
	static const off_t sizes[] = {0, 1, 100, 4096, 5000};
	struct stat status;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(truncate(path, sizes[i]), i ? 0 : -1);
		expect_answers(directory);
		assert_int_equal(stat(path, &status), 0);
		assert_true(status.st_size > 5000);
	}
	free(path);
	scratch_remove(directory);
}

static void a_changed_set_of_segments_is_noticed(void **state)
{
	char *directory = sample_sealed_recording(SEGMENTS);
	char *third = sample_path(directory, 3), digest[SEAL_DIGEST_SIZE] = "";
	struct segment_writer *segment;
	struct sample sample;

	expect_answers(directory);
	assert_int_equal(unlink(third), 0);
	sample = sample_open(directory);
	sample_expect(sample.database, "SELECT count(*) FROM flow", "40");
	sample_expect(sample.database, "SELECT sum(rows) FROM stream_size", "40");
	assert_true(sample_has_note(sample.recording, "missing"));
	sample_close(&sample);
	segment = sample_begin(directory, 3);
	sample_flows(segment, 101, 107);
	sample_finish(segment);
	sample_seal(directory, 3, digest);
	for (int i = 0; i < 2; i++) {
		sample = sample_open(directory);
		sample_expect(sample.database, "SELECT count(*), max(flow_id) FROM flow",
			      "47|107");
		sample_expect(sample.database, "SELECT count(*) FROM flow WHERE flow_id = 105",
			      "1");
		sample_expect(sample.database, "SELECT sum(rows) FROM stream_size", "47");
		sample_close(&sample);
	}
	free(third);
	scratch_remove(directory);
}

/* With the same name, size and times: then the inode tells. */
static void an_exchanged_file_is_noticed(void **state)
{
	char *directory = sample_sealed_recording(2), *other = sample_sealed_recording(2);
	char *path = sample_path(directory, 2), *copy = sample_path(other, 1);
	struct timespec times[2];
	struct stat status;
	struct sample sample;

	sample = sample_open(directory);
	sample_close(&sample);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(rename(copy, path), 0);
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	sample = sample_open(directory);
	sample_expect(sample.database, "SELECT max(flow_id) FROM flow", "10");
	sample_close(&sample);
	free(path);
	free(copy);
	scratch_remove(directory);
	scratch_remove(other);
}

static void where_it_cannot_be_written_it_is_kept_in_memory(void **state)
{
	char *directory = sample_sealed_recording(SEGMENTS), *path = catalog_path(directory),
	     *new;

	assert_true(asprintf(&new, "%s.new", path) > 0);
	assert_int_equal(mkdir(new, 0700), 0);
	expect_answers(directory);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(open_segments(directory, "SELECT * FROM stream_size"), 0);
	free(new);
	free(path);
	scratch_remove(directory);
}

static void a_leftover_of_a_crash_is_taken_over(void **state)
{
	char *directory = sample_sealed_recording(SEGMENTS), *path = catalog_path(directory),
	     *new;
	int file;

	assert_true(asprintf(&new, "%s.new", path) > 0);
	file = open(new, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(file, "half", 4), 4);
	close(file);
	expect_answers(directory);
	assert_int_equal(access(new, F_OK), -1);
	assert_int_equal(access(path, F_OK), 0);
	free(new);
	free(path);
	scratch_remove(directory);
}

static void segments_with_a_problem_have_no_entry(void **state)
{
	char *directory = sample_sealed_recording(2);
	struct segment_writer *segment = sample_begin(directory, 3);
	struct sample sample;

	sample_put(segment, "DROP TABLE probe");
	sample_flows(segment, 21, 30);
	sample_finish(segment);
	for (int i = 0; i < 2; i++) {
		sample = sample_open(directory);
		sample_expect(sample.database, "SELECT count(*) FROM probe", "0");
		assert_true(sample_has_note(sample.recording, "has no table probe"));
		sample_expect(sample.database, "SELECT count(*) FROM flow", "30");
		sample_close(&sample);
	}
	scratch_remove(directory);
}

static void a_live_segment_beside_its_sealed_one_does_not_count(void **state)
{
	char *directory = sample_sealed_recording(1), *path = sample_path(directory, 1), *live;
	struct segment_writer *segment = sample_begin(directory, 2);
	struct sample sample;

	sample_flows(segment, 11, 30);
	sample_finish(segment);
	free(path);
	path = sample_path(directory, 2);
	assert_true(asprintf(&live, "%s/000001" SEGMENT_LIVE_SUFFIX, directory) > 0);
	assert_int_equal(rename(path, live), 0);
	sample = sample_open(directory);
	sample_expect(sample.database, "SELECT count(*) FROM flow", "10");
	assert_false(recording_is_partial(sample.recording));
	sample_close(&sample);
	free(live);
	free(path);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_opened_when_they_are_needed),
		cmocka_unit_test(the_file_is_private_and_checked),
		cmocka_unit_test(a_flipped_bit_never_changes_an_answer),
		cmocka_unit_test(a_cut_or_foreign_catalog_is_made_anew),
		cmocka_unit_test(a_changed_set_of_segments_is_noticed),
		cmocka_unit_test(an_exchanged_file_is_noticed),
		cmocka_unit_test(where_it_cannot_be_written_it_is_kept_in_memory),
		cmocka_unit_test(a_leftover_of_a_crash_is_taken_over),
		cmocka_unit_test(segments_with_a_problem_have_no_entry),
		cmocka_unit_test(a_live_segment_beside_its_sealed_one_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
