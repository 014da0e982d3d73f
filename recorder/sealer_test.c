/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of sealing: in which order, what happens when it fails, what a killed recorder leaves.
 */
#include "recorder/sealer.h"
#include "schema/scratch_test.h"
#include "schema/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

/* A file of the directory. */
static const char *at(const char *directory, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int exists(const char *directory, const char *name)
{
	return !access(at(directory, name), F_OK);
}

static void make_file(const char *directory, const char *name)
{
	int file = open(at(directory, name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	close(file);
}

static struct directory *open_directory(const char *path)
{
	struct directory *directory;
	char problem[256];

	if (directory_open(path, 1, &directory, problem, sizeof(problem)))
		fail_msg("%s", problem);
	return directory;
}

/* A live segment with one row, finished or not. */
static uint32_t make_segment(struct directory *directory, int finished)
{
	struct segment_identity identity = {.writer = "test", .created_ns = 1, .level = 1};
	struct process_row row = {.time_ns = 5, .event_action = "fork"};
	struct batch *batch = batch_new(STREAM_PROCESS);
	struct segment_writer *segment;
	char problem[256];

	assert_non_null(batch);
	assert_int_equal(batch_append(batch, &row), 0);
	if (directory_create_segment(directory, &identity, &segment, problem, sizeof(problem)))
		fail_msg("%s", problem);
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_append(segment, batch, 0), 0);
	assert_int_equal(segment_commit(segment, 5), 0);
	if (finished)
		assert_int_equal(segment_finish(segment, 6), 0);
	segment_close(segment);
	batch_free(batch);
	return identity.sequence;
}

static int fail_at_damage(void *context, const struct damage *damage)
{
	fail_msg("%s", damage->what);
	return 0;
}

static struct verify_summary verify(const char *directory, const char *name)
{
	struct verify_summary summary;
	char *problem = NULL;

	if (segment_verify(at(directory, name), fail_at_damage, NULL, &summary, &problem))
		fail_msg("%s", problem);
	assert_true(summary.is_sealed);
	return summary;
}

/* The first of them names none before it, each other one the one before it. */
static void assert_chain(const char *directory, const char *const *names, size_t count)
{
	struct verify_summary before = {0}, summary;

	for (size_t i = 0; i < count; i++) {
		summary = verify(directory, names[i]);
		assert_string_equal(summary.previous_sha256, before.sha256);
		before = summary;
	}
}

/* Until the thread has tried what was handed over. */
static struct sealer_status wait_for_error(struct sealer *sealer, int error)
{
	struct sealer_status status;

	do {
		usleep(1000);
		sealer_status(sealer, &status);
	} while (status.error != error);
	return status;
}

static void each_segment_names_the_one_before_it_also_across_recorders(void **state)
{
	static const char *const names[] = {"000001.segment", "000002.segment",
					    "000003.segment"};
	char *path = scratch_make();
	struct sealer_status status;

	for (int run = 0; run < 2; run++) {
		struct directory *directory = open_directory(path);
		struct sealer *sealer;

		assert_int_equal(sealer_open(directory, run, &sealer), 0);
		for (int i = run; i < 2; i++)
			assert_int_equal(sealer_add(sealer, make_segment(directory, 1), 4096),
					 0);
		sealer_close(sealer, NULL, NULL, &status);
		assert_int_equal(status.left, 0);
		assert_int_equal(status.error, 0);
		directory_free(directory);
	}
	assert_chain(path, names, 3);
	assert_false(exists(path, "000001.live.segment"));
	assert_false(exists(path, "000003.live.segment"));
	scratch_remove(path);
}

static void one_that_cannot_be_sealed_now_holds_up_those_behind_it(void **state)
{
	static const char *const names[] = {"000001.segment", "000002.segment",
					    "000003.segment"};
	char *path = scratch_make();
	struct directory *directory = open_directory(path);
	struct sealer_status status;
	struct sealer *sealer;

	/* What stands in the way can be removed. */
	assert_int_equal(mkdir(at(path, "000001.segment.sealing"), 0700), 0);
	assert_int_equal(sealer_open(directory, 0, &sealer), 0);
	assert_int_equal(sealer_add(sealer, make_segment(directory, 1), 4096), 0);
	status = wait_for_error(sealer, -EISDIR);
	assert_non_null(strstr(status.problem, "000001"));
	assert_null(strchr(status.problem, '\n'));
	assert_int_equal(sealer_add(sealer, make_segment(directory, 1), 4096), 0);
	status = wait_for_error(sealer, -EISDIR);
	assert_int_equal(status.left, 2);
	assert_false(exists(path, "000002.segment"));
	assert_answer(path, 1, "SELECT sum(row_count) FROM chunk", "1");

	assert_int_equal(rmdir(at(path, "000001.segment.sealing")), 0);
	assert_int_equal(sealer_add(sealer, make_segment(directory, 1), 4096), 0);
	sealer_close(sealer, NULL, NULL, &status);
	assert_int_equal(status.left, 0);
	assert_int_equal(status.error, 0);
	assert_chain(path, names, 3);
	directory_free(directory);
	scratch_remove(path);
}

static void one_that_fails_until_the_end_stays_as_it_was(void **state)
{
	char *path = scratch_make();
	struct directory *directory = open_directory(path);
	struct sealer_status status;
	struct sealer *sealer;

	assert_int_equal(mkdir(at(path, "000001.segment.sealing"), 0700), 0);
	assert_int_equal(sealer_open(directory, 0, &sealer), 0);
	assert_int_equal(sealer_add(sealer, make_segment(directory, 1), 4096), 0);
	sealer_close(sealer, NULL, NULL, &status);
	assert_int_equal(status.left, 1);
	assert_int_equal(status.error, -EISDIR);
	assert_false(exists(path, "000001.segment"));
	assert_answer(path, 1, "SELECT sum(row_count) FROM chunk", "1");
	directory_free(directory);
	scratch_remove(path);
}

static void the_chain_leaves_out_a_damaged_one(void **state)
{
	static const char *const names[] = {"000001.segment", "000003.segment"};
	char *path = scratch_make();
	struct directory *directory = open_directory(path);
	struct sealer_status status;
	struct sealer *sealer;
	sqlite3 *database;

	for (int i = 0; i < 3; i++)
		make_segment(directory, 1);
	assert_int_equal(sqlite3_open(at(path, "000002.live.segment"), &database), 0);
	assert_int_equal(
		sqlite3_exec(database, "UPDATE part SET checksum = 1", NULL, NULL, NULL), 0);
	sqlite3_close(database);
	assert_int_equal(sealer_open(directory, 0, &sealer), 0);
	for (uint32_t sequence = 1; sequence <= 3; sequence++)
		assert_int_equal(sealer_add(sealer, sequence, 4096), 0);
	sealer_close(sealer, NULL, NULL, &status);
	assert_int_equal(status.left, 1);
	assert_non_null(strstr(status.problem, "000002.live.segment"));
	assert_true(exists(path, "000002.live.segment"));
	assert_chain(path, names, 2);
	directory_free(directory);
	scratch_remove(path);
}

static void leftovers_of_a_killed_recorder_are_removed(void **state)
{
	char *path = scratch_make();
	struct directory *directory = open_directory(path);
	struct sealer *sealer;
	int held;

	assert_int_equal(sealer_open(directory, 0, &sealer), 0);
	assert_int_equal(sealer_add(sealer, make_segment(directory, 1), 4096), 0);
	sealer_close(sealer, NULL, NULL, NULL);
	make_segment(directory, 0); /* torn */
	directory_free(directory);
	make_file(path, "000001.live.segment");
	make_file(path, "000001.live.segment-wal");
	make_file(path, "000002.segment.sealing");
	make_file(path, "000007.segment.sealing");
	held = open(at(path, "000007.segment.sealing"), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(held, LOCK_EX), 0);

	directory = open_directory(path);
	assert_false(exists(path, "000001.live.segment"));
	assert_false(exists(path, "000001.live.segment-wal"));
	assert_false(exists(path, "000002.segment.sealing"));
	/* Somebody is making that one. */
	assert_true(exists(path, "000007.segment.sealing"));
	assert_true(exists(path, "000002.live.segment"));
	assert_answer(path, 2, "SELECT sum(row_count) FROM chunk", "1");
	assert_int_equal(make_segment(directory, 1), 3);
	close(held);
	directory_free(directory);
	scratch_remove(path);
}

static void a_live_segment_stays_where_the_sealed_one_is_damaged(void **state)
{
	char *path = scratch_make();
	struct directory *directory = open_directory(path);
	size_t count;

	make_segment(directory, 1);
	directory_free(directory);
	make_file(path, "000001.segment");
	directory = open_directory(path);
	assert_true(exists(path, "000001.live.segment"));
	directory_unsealed(directory, &count);
	assert_int_equal(count, 0);
	assert_int_equal(make_segment(directory, 1), 2);
	directory_free(directory);
	scratch_remove(path);
}

static void what_was_finished_but_not_sealed_is_found_again(void **state)
{
	char *path = scratch_make();
	struct directory *directory = open_directory(path);
	struct sealer *sealer;
	const uint32_t *unsealed;
	size_t count;

	/* 1 is older than the newest sealed one, 4 is torn. */
	for (int i = 1; i <= 5; i++)
		make_segment(directory, i != 4);
	assert_int_equal(sealer_open(directory, 0, &sealer), 0);
	assert_int_equal(sealer_add(sealer, 2, 4096), 0);
	sealer_close(sealer, NULL, NULL, NULL);
	directory_free(directory);

	directory = open_directory(path);
	unsealed = directory_unsealed(directory, &count);
	assert_int_equal(count, 2);
	assert_int_equal(unsealed[0], 3);
	assert_int_equal(unsealed[1], 5);
	assert_string_equal(directory_newest_digest(directory),
			    verify(path, "000002.segment").sha256);
	directory_free(directory);
	scratch_remove(path);
}

static void the_recording_keeps_its_name_past_an_unreadable_segment(void **state)
{
	char *path = scratch_make(), *id;
	struct directory *directory = open_directory(path);

	make_segment(directory, 1);
	directory_free(directory);
	make_file(path, "000002.live.segment");
	directory = open_directory(path);
	assert_int_equal(make_segment(directory, 1), 3);
	id = scratch_ask(path, 1, "SELECT recording_id FROM segment");
	assert_answer(path, 3, "SELECT recording_id FROM segment", id);
	free(id);
	directory_free(directory);
	scratch_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_segment_names_the_one_before_it_also_across_recorders),
		cmocka_unit_test(one_that_cannot_be_sealed_now_holds_up_those_behind_it),
		cmocka_unit_test(one_that_fails_until_the_end_stays_as_it_was),
		cmocka_unit_test(the_chain_leaves_out_a_damaged_one),
		cmocka_unit_test(leftovers_of_a_killed_recorder_are_removed),
		cmocka_unit_test(a_live_segment_stays_where_the_sealed_one_is_damaged),
		cmocka_unit_test(what_was_finished_but_not_sealed_is_found_again),
		cmocka_unit_test(the_recording_keeps_its_name_past_an_unreadable_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
