/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of opening recordings, whole, torn and spoilt.
 */
#include "analyzer/recording.h"
#include "analyzer/sample_test.h"

#include <errno.h>

static void expect_refused(const char *path, int error, const char *words)
{
	struct recording *recording;
	char *problem = NULL;

	assert_int_equal(recording_open(&path, 1, &recording, &problem), error);
	assert_non_null(problem);
	assert_non_null(strstr(problem, path));
	if (!strstr(problem, words))
		fail_msg("'%s' does not say '%s'", problem, words);
	assert_null(strchr(problem, '\n'));
	free(problem);
}

static struct recording *open_one(const char *path)
{
	struct recording *recording;
	char *problem = NULL;

	if (recording_open(&path, 1, &recording, &problem))
		fail_msg("%s", problem);
	return recording;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	int byte;

	assert_non_null(in);
	assert_non_null(out);
	while ((byte = getc(in)) != EOF)
		putc(byte, out);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Copy a segment with its journal while its writer is open, as a crash would leave it. */
static void tear(const char *from, uint32_t sequence, const char *to)
{
	char *segment = sample_path(from, sequence), *copy = sample_path(to, sequence);
	char *journal, *journal_copy;

	assert_true(asprintf(&journal, "%s-wal", segment) > 0);
	assert_true(asprintf(&journal_copy, "%s-wal", copy) > 0);
	copy_file(segment, copy);
	copy_file(journal, journal_copy);
	free(segment);
	free(copy);
	free(journal);
	free(journal_copy);
}

static void a_missing_directory_is_refused(void **state)
{
	expect_refused("build/no-such-directory", -ENOENT, "expected a recording");
}

static void a_directory_without_segments_is_refused(void **state)
{
	char *directory = scratch_make(), *other;

	expect_refused(directory, -ENOENT, "holds no *.segment file");
	assert_true(asprintf(&other, "%s/notes.txt", directory) > 0);
	write_file(other, "notes");
	expect_refused(directory, -ENOENT, "holds no *.segment file");
	free(other);
	scratch_remove(directory);
}

static void a_file_that_is_no_segment_is_refused_by_name(void **state)
{
	char *directory = scratch_make(), *path = sample_path(directory, 1);

	write_file(path, "this is a text and no database, however long it may be\n");
	expect_refused(path, -EBADMSG, "expected a Flowtape segment");
	write_file(path, "");
	expect_refused(path, -EBADMSG, "expected a Flowtape segment");
	free(path);
	scratch_remove(directory);
}

static void a_newer_major_version_is_refused_by_name(void **state)
{
	char *directory = sample_recording(5), *path = sample_path(directory, 1);

	sample_spoil(directory, 1, "UPDATE segment SET format_major = 99");
	expect_refused(path, -EPROTONOSUPPORT, "newer");
	free(path);
	scratch_remove(directory);
}

static void good_segments_beside_a_bad_one_are_used(void **state)
{
	char *directory = sample_recording(5), *path = sample_path(directory, 2);
	struct recording *recording;

	write_file(path, "no database");
	recording = open_one(directory);
	assert_int_equal(recording_segment_count(recording), 1);
	assert_true(recording_is_partial(recording));
	assert_int_equal(recording_note_count(recording), 1);
	assert_true(sample_has_note(recording, path));
	recording_close(recording);
	free(path);
	scratch_remove(directory);
}

static void a_whole_recording_is_not_partial(void **state)
{
	char *directory = sample_recording(25);
	struct recording *recording = open_one(directory);

	assert_int_equal(recording_segment_count(recording), 1);
	assert_false(recording_is_partial(recording));
	assert_string_equal(recording_segment(recording, 0)->name, "000001.segment");
	assert_string_equal(recording_segment(recording, 0)->recording_id, "sample");
	recording_close(recording);
	scratch_remove(directory);
}

static void a_torn_segment_holds_what_was_committed_and_is_told(void **state)
{
	char *directory = scratch_make(), *torn = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct sample sample;

	sample_flows(segment, 1, 10);
	sample_flows(segment, 11, 20);
	tear(directory, 1, torn);
	segment_close(segment);
	sample = sample_open(torn);
	assert_true(recording_is_partial(sample.recording));
	assert_true(sample_has_note(sample.recording,
				    "was not finished: it holds everything until "
				    "2023-11-14T22:13:40.000Z"));
	sample_expect(sample.database, "SELECT count(*), max(flow_id) FROM flow", "20|20");
	sample_close(&sample);
	scratch_remove(directory);
	scratch_remove(torn);
}

static void a_segment_that_is_being_written_can_be_read(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct sample sample;

	sample_flows(segment, 1, 10);
	sample = sample_open(directory);
	assert_true(sample_has_note(sample.recording, "was not finished"));
	sample_flows(segment, 11, 20);
	sample_expect(sample.database, "SELECT count(*) FROM flow", "10");
	sample_close(&sample);
	sample_finish(segment);
	scratch_remove(directory);
}

static void segments_come_in_their_order(void **state)
{
	char *directory = scratch_make();
	struct recording *recording;

	for (uint32_t i = 1; i <= 12; i++) {
		struct segment_writer *segment = sample_begin(directory, 13 - i);

		sample_flows(segment, i, i);
		sample_finish(segment);
	}
	recording = open_one(directory);
	assert_int_equal(recording_segment_count(recording), 12);
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(recording_segment(recording, i)->sequence, i + 1);
	assert_false(recording_is_partial(recording));
	recording_close(recording);
	scratch_remove(directory);
}

static void a_missing_segment_in_between_is_told(void **state)
{
	char *directory = scratch_make();
	struct recording *recording;

	sample_finish(sample_begin(directory, 1));
	sample_finish(sample_begin(directory, 4));
	recording = open_one(directory);
	assert_true(recording_is_partial(recording));
	assert_true(sample_has_note(recording, "2 segments before it are missing"));
	recording_close(recording);
	scratch_remove(directory);
}

static void a_segment_that_is_given_twice_counts_once(void **state)
{
	char *directory = sample_recording(7), *path = sample_path(directory, 1);
	const char *const paths[] = {directory, path, directory};
	struct recording *recording;
	char *problem = NULL;

	assert_int_equal(recording_open(paths, 3, &recording, &problem), 0);
	assert_int_equal(recording_segment_count(recording), 1);
	assert_false(recording_is_partial(recording));
	recording_close(recording);
	free(path);
	scratch_remove(directory);
}

static void one_missing_path_of_two_makes_the_answer_partial(void **state)
{
	char *directory = sample_recording(7);
	const char *const paths[] = {"build/no-such-directory", directory};
	struct recording *recording;
	char *problem = NULL;

	assert_int_equal(recording_open(paths, 2, &recording, &problem), 0);
	assert_true(recording_is_partial(recording));
	assert_true(sample_has_note(recording, "build/no-such-directory"));
	recording_close(recording);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_directory_is_refused),
		cmocka_unit_test(a_directory_without_segments_is_refused),
		cmocka_unit_test(a_file_that_is_no_segment_is_refused_by_name),
		cmocka_unit_test(a_newer_major_version_is_refused_by_name),
		cmocka_unit_test(good_segments_beside_a_bad_one_are_used),
		cmocka_unit_test(a_whole_recording_is_not_partial),
		cmocka_unit_test(a_torn_segment_holds_what_was_committed_and_is_told),
		cmocka_unit_test(a_segment_that_is_being_written_can_be_read),
		cmocka_unit_test(segments_come_in_their_order),
		cmocka_unit_test(a_missing_segment_in_between_is_told),
		cmocka_unit_test(a_segment_that_is_given_twice_counts_once),
		cmocka_unit_test(one_missing_path_of_two_makes_the_answer_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
