/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of finding an executable again: by process, by path, in another root; and never another
 * file.
 */
#include "recorder/executable.h"
#include "schema/scratch_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define NOT_A_PID 4194305U /* above PID_MAX_LIMIT: nobody has it */

static struct file_identity identity_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return (struct file_identity){
		.inode = status.st_ino,
		.changed_ns = (uint64_t)status.st_ctim.tv_sec * 1000000000 +
			      (uint64_t)status.st_ctim.tv_nsec,
		.major = major(status.st_dev),
		.minor = minor(status.st_dev),
	};
}

static char *make_file(const char *directory, const char *name)
{
	char *path;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(name, file);
	fclose(file);
	return path;
}

/* What executable_open opens holds these bytes; NULL: it opens nothing. */
static void expect(const struct executable *executable, const char *bytes)
{
	int file = executable_open(executable);
	char got[64] = "";

	if (!bytes) {
		assert_int_equal(file, -ENOENT);
		return;
	}
	assert_true(file >= 0);
	assert_int_equal(read(file, got, sizeof(got) - 1), strlen(bytes));
	assert_string_equal(got, bytes);
	close(file);
}

static void set_path(struct executable *executable, const char *path)
{
	char *absolute = realpath(path, NULL);

	snprintf(executable->path, sizeof(executable->path), "%s", absolute ? absolute : path);
	free(absolute);
}

static void a_living_process_leads_to_its_executable(void **state)
{
	struct executable executable = {
		.identity = identity_of("/proc/self/exe"),
		.pid = (uint32_t)getpid(),
	};
	struct stat status;
	int file;

	/* Its time of change may be another one by now: that of the device then says enough. */
	executable.identity.changed_ns++;
	file = executable_open(&executable);
	assert_true(file >= 0);
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(status.st_ino, executable.identity.inode);
	close(file);
	executable.identity.minor++;
	assert_int_equal(executable_open(&executable), -ENOENT);
	executable.identity.minor--;
	executable.identity.inode++;
	assert_int_equal(executable_open(&executable), -ENOENT);
}

static void a_process_that_has_ended_is_found_by_its_path(void **state)
{
	char *scratch = scratch_make(), *path = make_file(scratch, "program");
	struct executable executable = {.identity = identity_of(path), .pid = NOT_A_PID};

	expect(&executable, NULL);
	set_path(&executable, path);
	expect(&executable, "program");
	/* The kernel's device is not that of stat(2) on every file system. */
	executable.identity.major++;
	expect(&executable, "program");
	free(path);
	scratch_remove(scratch);
}

static void another_file_of_that_path_is_not_taken(void **state)
{
	char *scratch = scratch_make(), *path = make_file(scratch, "program"), *other;
	struct executable executable = {.identity = identity_of(path), .pid = NOT_A_PID};

	set_path(&executable, path);
	executable.identity.changed_ns--;
	expect(&executable, NULL);
	executable.identity.changed_ns++;
	executable.identity.inode++;
	expect(&executable, NULL);
	executable.identity.inode--;
	expect(&executable, "program");
	other = make_file(scratch, "other");
	assert_int_equal(rename(other, path), 0);
	expect(&executable, NULL);
	free(other);
	free(path);
	scratch_remove(scratch);
}

static void what_is_no_file_is_not_opened(void **state)
{
	char *scratch = scratch_make(), *path;
	struct executable executable = {.pid = NOT_A_PID};

	assert_true(asprintf(&path, "%s/fifo", scratch) > 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	executable.identity = identity_of(path);
	set_path(&executable, path);
	expect(&executable, NULL);
	executable.identity = identity_of(scratch);
	set_path(&executable, scratch);
	expect(&executable, NULL);
	free(path);
	scratch_remove(scratch);
}

static void a_neighbours_root_is_where_its_paths_begin(void **state)
{
	char *scratch = scratch_make(), *path = make_file(scratch, "program"), *link, byte;
	struct executable executable = {.identity = identity_of(path), .pid = NOT_A_PID};
	int ends[2];
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (!child) {
		byte = (char)(chroot(scratch) ? 1 : 0);
		if (write(ends[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	if (byte) {
		print_message("SKIPPED: no permission for another root\n");
	} else {
		/* An absolute link leads to a file of that root, not of ours. */
		assert_true(asprintf(&link, "%s/link", scratch) > 0);
		assert_int_equal(symlink("/program", link), 0);
		free(link);
		strcpy(executable.path, "/program");
		expect(&executable, NULL);
		executable.neighbours[1] = (uint32_t)child;
		expect(&executable, "program");
		strcpy(executable.path, "/link");
		expect(&executable, "program");
		strcpy(executable.path, "/../../program");
		expect(&executable, "program");
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	free(path);
	scratch_remove(scratch);
	if (byte)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_living_process_leads_to_its_executable),
		cmocka_unit_test(a_process_that_has_ended_is_found_by_its_path),
		cmocka_unit_test(another_file_of_that_path_is_not_taken),
		cmocka_unit_test(what_is_no_file_is_not_opened),
		cmocka_unit_test(a_neighbours_root_is_where_its_paths_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
