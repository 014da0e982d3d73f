/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the build ids that are read beside: by a reader that counts, and that can be made to
 * hang.
 */
#include "recorder/build_ids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The inode number says what becomes of a file. */
#define PLAIN	   1000U
#define UNREADABLE 2000U
#define HANGING	   3000U
#define GOOD	   10000U

static atomic_int reads, hanging;
static int gate[2]; /* a file that hangs waits for the end of this pipe */

static int read_one(const struct executable *executable, char id[BUILD_ID_SIZE])
{
	char byte;

	atomic_fetch_add(&reads, 1);
	if (executable->identity.inode >= GOOD) {
		snprintf(id, BUILD_ID_SIZE, "%llu", executable->identity.inode);
		return 0;
	}
	if (executable->identity.inode >= HANGING) {
		atomic_fetch_add(&hanging, 1);
		return read(gate[0], &byte, 1) < 0 ? -errno : -ENOENT;
	}
	return executable->identity.inode >= UNREADABLE ? -ENOANO : -ENOENT;
}

static int open_gate(void **state)
{
	atomic_store(&reads, 0);
	atomic_store(&hanging, 0);
	return pipe2(gate, O_CLOEXEC);
}

static int count_threads(void)
{
	DIR *directory = opendir("/proc/self/task");
	int count = -2; /* "." and ".." */

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* What hangs ends, and so do its threads: the last one to end frees. */
static int close_gate(void **state)
{
	if (gate[1] >= 0)
		close(gate[1]);
	while (count_threads() > 1)
		usleep(1000);
	close(gate[0]);
	return 0;
}

static struct executable file(uint64_t inode)
{
	return (struct executable){.identity = {.inode = inode, .changed_ns = 7}};
}

static void ask(struct build_ids *build_ids, uint64_t inode)
{
	struct executable executable = file(inode);

	build_ids_ask(build_ids, &executable);
}

static int get(struct build_ids *build_ids, uint64_t inode, char id[BUILD_ID_SIZE])
{
	struct executable executable = file(inode);

	return build_ids_get(build_ids, &executable.identity, id);
}

/* Until it is no longer being read. */
static int await(struct build_ids *build_ids, uint64_t inode, char id[BUILD_ID_SIZE])
{
	int result;

	while ((result = get(build_ids, inode, id)) == -EAGAIN)
		build_ids_wait(build_ids, 1000000);
	return result;
}

static void each_file_is_read_once(void **state)
{
	struct build_ids *build_ids = build_ids_new(read_one);
	char id[BUILD_ID_SIZE], expected[BUILD_ID_SIZE];

	for (int round = 0; round < 10; round++)
		for (unsigned int i = 0; i < 100; i++)
			ask(build_ids, GOOD + i);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(await(build_ids, GOOD + i, id), 1);
		snprintf(expected, sizeof(expected), "%u", GOOD + i);
		assert_string_equal(id, expected);
		ask(build_ids, GOOD + i);
	}
	ask(build_ids, PLAIN);
	assert_int_equal(await(build_ids, PLAIN, id), 0);
	ask(build_ids, PLAIN);
	assert_int_equal(get(build_ids, PLAIN, id), 0);
	assert_int_equal(atomic_load(&reads), 101);
	assert_int_equal(build_ids_counts(build_ids).asked, 101);
	assert_int_equal(build_ids_counts(build_ids).found, 100);
	assert_int_equal(build_ids_counts(build_ids).none, 1);
	build_ids_free(build_ids);
}

static void a_file_that_has_changed_is_another_file(void **state)
{
	struct build_ids *build_ids = build_ids_new(read_one);
	struct executable executable = file(GOOD);
	char id[BUILD_ID_SIZE];

	build_ids_ask(build_ids, &executable);
	assert_int_equal(await(build_ids, GOOD, id), 1);
	executable.identity.changed_ns++;
	assert_int_equal(build_ids_get(build_ids, &executable.identity, id), 0);
	executable.identity.changed_ns--;
	executable.identity.minor++;
	assert_int_equal(build_ids_get(build_ids, &executable.identity, id), 0);
	build_ids_free(build_ids);
}

static void what_cannot_be_read_is_tried_again(void **state)
{
	struct build_ids *build_ids = build_ids_new(read_one);
	char id[BUILD_ID_SIZE];

	for (int i = 0; i < 3; i++) {
		ask(build_ids, UNREADABLE);
		assert_int_equal(await(build_ids, UNREADABLE, id), 0);
	}
	assert_int_equal(atomic_load(&reads), 3);
	assert_int_equal(build_ids_counts(build_ids).unreadable, 3);
	build_ids_free(build_ids);
}

static void files_that_hang_hold_up_nobody(void **state)
{
	struct build_ids *build_ids = build_ids_new(read_one);
	uint64_t fresh = GOOD + 1;
	char id[BUILD_ID_SIZE];

	/* Each takes a thread; the next begins when others are asked for a second later. */
	for (int i = 0; i < 3; i++) {
		ask(build_ids, HANGING + (unsigned int)i);
		while (atomic_load(&hanging) <= i) {
			ask(build_ids, fresh++);
			usleep(1000);
		}
		assert_int_equal(get(build_ids, HANGING + (unsigned int)i, id), -EAGAIN);
	}
	while (get(build_ids, GOOD, id) != 1) {
		ask(build_ids, GOOD);
		ask(build_ids, fresh++);
		usleep(1000);
	}
	/* They are known to hang, so nobody waits for them: else this would take an hour. */
	build_ids_wait(build_ids, 3600000000000ULL);
	assert_int_equal(get(build_ids, HANGING, id), -EAGAIN);
	build_ids_free(build_ids);
}

static void more_than_can_wait_are_refused_and_counted(void **state)
{
	struct build_ids *build_ids = build_ids_new(read_one);
	struct build_id_counts counts;
	char id[BUILD_ID_SIZE];

	ask(build_ids, HANGING);
	while (!atomic_load(&reads))
		usleep(1000);
	for (unsigned int i = 0; i < 1000; i++)
		ask(build_ids, GOOD + i);
	counts = build_ids_counts(build_ids);
	assert_true(counts.refused > 0);
	assert_int_equal(get(build_ids, GOOD + 999, id), 0);
	close(gate[1]);
	gate[1] = -1;
	assert_int_equal(await(build_ids, HANGING, id), 0);
	for (unsigned int i = 0; i < 1000; i++)
		await(build_ids, GOOD + i, id);
	ask(build_ids, GOOD + 999);
	assert_int_equal(await(build_ids, GOOD + 999, id), 1);
	counts = build_ids_counts(build_ids);
	assert_int_equal(counts.asked,
			 counts.found + counts.none + counts.unreadable + counts.refused);
	build_ids_free(build_ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_file_is_read_once, open_gate, close_gate),
		cmocka_unit_test_setup_teardown(a_file_that_has_changed_is_another_file,
						open_gate, close_gate),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_tried_again, open_gate,
						close_gate),
		cmocka_unit_test_setup_teardown(files_that_hang_hold_up_nobody, open_gate,
						close_gate),
		cmocka_unit_test_setup_teardown(more_than_can_wait_are_refused_and_counted,
						open_gate, close_gate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
