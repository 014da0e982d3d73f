/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that damage never looks like an answer: whatever byte of a sealed segment changes, each
 * question has the same answer as before, or the recording says that it is partial.
 */
#include "analyzer/sample_test.h"

#include <fcntl.h>

#define SEGMENTS 3U
#define STEP	 3067 /* bytes from flip to flip */

static const char *const questions[] = {
	"SELECT count(*), sum(source_bytes), sum(destination_port), max(end_ns) FROM flow",
	"SELECT process_executable_name, network_transport, count(*) FROM flow GROUP BY 1, 2",
	"SELECT count(*) FROM flow WHERE network_transport = 'udp'",
	"SELECT count(*) FROM flow WHERE process_executable_name = 'nobody'",
	"SELECT flow_id FROM flow WHERE source_address = '10.0.0.3' AND flow_id > 5",
	"SELECT count(*) FROM nat",
	"SELECT segment, host_name FROM host",
	"SELECT stage, attempted FROM stage",
	"SELECT sum(count) FROM loss",
	"SELECT network_interface_name FROM interface",
	"SELECT stream, rows, first_ns FROM stream_size",
	"SELECT stream, \"column\", rows FROM column_size",
	"SELECT sequence, created_ns, covered_ns FROM segment",
};

#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

static void flip(const char *path, off_t at)
{
	int file = open(path, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	assert_true(file >= 0);
	assert_int_equal(pread(file, &byte, 1, at), 1);
	byte ^= (unsigned char)(1 << at % 8);
	assert_int_equal(pwrite(file, &byte, 1, at), 1);
	close(file);
}

/* Ask one question of a recording just opened. */
static char *ask(const char *directory, const char *question, int *is_partial)
{
	struct sample sample = sample_open(directory);
	char *rows = sample_rows(sample.database, question);

	*is_partial = recording_is_partial(sample.recording);
	sample_close(&sample);
	return rows;
}

static void expect_same_or_partial(const char *directory, char *const *answers, off_t at)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		int is_partial;
		char *rows = ask(directory, questions[i], &is_partial);

		if (!is_partial && strcmp(rows, answers[i]))
			fail_msg("byte %lld: %s:\n%s\ninstead of\n%s", (long long)at,
				 questions[i], rows, answers[i]);
		free(rows);
	}
}

static char *make_recording(void)
{
	char *directory = scratch_make(), digest[SEAL_DIGEST_SIZE] = "";

	for (uint32_t i = 1; i <= SEGMENTS; i++) {
		struct segment_writer *segment = sample_begin(directory, i);

		sample_flows(segment, 10 * i - 9, 10 * i);
		sample_put(segment, "INSERT INTO host(host_name) VALUES('sample')");
		sample_put(segment, "INSERT INTO stage VALUES('stage', 'flow', 10, 10, 0)");
		sample_put(segment,
			   "INSERT INTO loss VALUES('stage', 'flow', 'test', 0, 1, 2, 3)");
		sample_put(segment, "INSERT INTO interface VALUES(1, 'host', 2, 'eth0', 'veth',"
				    " '02:00:00:00:00:01', 1, NULL)");
		sample_finish(segment);
		sample_seal(directory, i, digest);
	}
	return directory;
}

static void no_flipped_bit_of_a_segment_looks_like_an_answer(void **state)
{
	char *directory = make_recording(), *path = sample_path(directory, 2), *catalog;
	char *answers[QUESTIONS];
	struct stat status;
	int is_partial;

	assert_true(asprintf(&catalog, "%s/" CATALOG_NAME, directory) > 0);
	for (size_t i = 0; i < QUESTIONS; i++) {
		answers[i] = ask(directory, questions[i], &is_partial);
		assert_false(is_partial);
	}
	assert_int_equal(stat(path, &status), 0);
	for (off_t at = 0; at < status.st_size; at += STEP) {
		flip(path, at);
		/* Without a catalog, so that the damaged file has to answer by itself. */
		unlink(catalog);
		expect_same_or_partial(directory, answers, at);
		flip(path, at);
	}
	expect_same_or_partial(directory, answers, -1);
	for (size_t i = 0; i < QUESTIONS; i++)
		free(answers[i]);
	free(catalog);
	free(path);
	scratch_remove(directory);
}

/* As a disk would do it, which changes no times: the catalog's entry stays. */
static void damage_behind_a_good_catalog_is_told(void **state)
{
	char *directory = make_recording(), *path = sample_path(directory, 2);
	struct sample sample = sample_open(directory);
	struct stat status;

	/* The entry is read; the segment is not open yet. */
	assert_int_equal(stat(path, &status), 0);
	for (off_t at = 0; at < status.st_size; at += 1024)
		flip(path, at + 100 < status.st_size ? at + 100 : at);
	sample_expect(sample.database, "SELECT sum(rows) FROM stream_size", "30");
	assert_false(recording_is_partial(sample.recording));
	sample_expect(sample.database, "SELECT count(*) FROM flow", "20");
	assert_true(sample_has_note(sample.recording, "000002.segment"));
	assert_true(sample_has_note(sample.recording, "no row of it is used"));
	sample_close(&sample);
	free(path);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_flipped_bit_of_a_segment_looks_like_an_answer),
		cmocka_unit_test(damage_behind_a_good_catalog_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
