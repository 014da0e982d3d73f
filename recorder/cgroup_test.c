/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cgroups: real ones found by their number, and those that were told.
 */
#include "recorder/cgroup.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX32 "0123456789abcdef0123456789abcdef"

/* Make a cgroup, ask for it by its number while it lives and when it is gone. */
static void look_up(const char *mount, enum cgroup_hierarchy hierarchy)
{
	char path[PATH_MAX], expected[PATH_MAX];
	struct cgroups *cgroups = cgroups_new();
	struct cgroup_place place;
	struct stat status;

	snprintf(expected, sizeof(expected),
		 "/docker-%08x" HEX32 "0123456789abcdef01234567.scope", (unsigned int)getpid());
	snprintf(path, sizeof(path), "%s%s", mount, expected);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(stat(path, &status), 0);
	place = cgroups_find(cgroups, hierarchy, status.st_ino);
	assert_int_equal(rmdir(path), 0);
	assert_non_null(place.path);
	assert_string_equal(place.path, expected);
	assert_int_equal(strncmp(place.container_id, expected + strlen("/docker-"), 64), 0);
	assert_string_equal(place.container_runtime_name, "docker");

	place = cgroups_find(cgroups, hierarchy, status.st_ino);
	assert_string_equal(place.path, expected);
	cgroups_free(cgroups);

	cgroups = cgroups_new();
	place = cgroups_find(cgroups, hierarchy, status.st_ino);
	assert_null(place.path);
	assert_null(place.container_id);
	assert_int_equal(cgroups_counts(cgroups).gone, 1);
	cgroups_free(cgroups);
}

static void a_cgroup_is_found_by_its_number_and_remembered(void **state)
{
	static const char *const v2[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char path[PATH_MAX];
	int found = 0;

	if (geteuid()) {
		print_message("SKIPPED: finding cgroups by number needs root\n");
		skip();
	}
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", v2[i]);
		if (access(path, F_OK))
			continue;
		look_up(v2[i], CGROUP_V2);
		found = 1;
		break;
	}
	if (!access("/sys/fs/cgroup/memory/cgroup.procs", F_OK)) {
		look_up("/sys/fs/cgroup/memory", CGROUP_V1_MEMORY);
		found = 1;
	}
	if (!found) {
		print_message("SKIPPED: no cgroup hierarchy is mounted\n");
		skip();
	}
}

static void a_cgroup_that_was_told_needs_no_look(void **state)
{
	static const char path[] = "/lxc/\xff-web and what is behind the end";
	struct cgroups *cgroups = cgroups_new();
	struct cgroup_counts counts;
	struct cgroup_place place;

	assert_int_equal(cgroups_tell(cgroups, CGROUP_V2, 1ULL << 60, path, 10), 0);
	assert_null(cgroups_find(cgroups, CGROUP_V1_MEMORY, 1ULL << 60).path);
	for (int i = 0; i < 2; i++) {
		place = cgroups_find(cgroups, CGROUP_V2, 1ULL << 60);
		assert_string_equal(place.path, "/lxc/\\xff-web");
		assert_string_equal(place.container_id, "\\xff-web");
		assert_string_equal(place.container_runtime_name, "lxc");
	}
	counts = cgroups_counts(cgroups);
	assert_int_equal(counts.asked, 2);
	assert_int_equal(counts.known, 1);
	assert_int_equal(counts.gone + counts.not_mounted, 1);
	/* The name that is told last counts. */
	assert_int_equal(cgroups_tell(cgroups, CGROUP_V2, 1ULL << 60, "/plain", 7), 0);
	place = cgroups_find(cgroups, CGROUP_V2, 1ULL << 60);
	assert_string_equal(place.path, "/plain");
	assert_null(place.container_id);
	assert_null(place.container_runtime_name);
	cgroups_free(cgroups);
}

static void many_cgroups_do_not_push_out_one_in_use(void **state)
{
	struct cgroups *cgroups = cgroups_new();
	struct cgroup_place place;

	if (!cgroups_find(cgroups, CGROUP_V2, 1).path) {
		print_message("SKIPPED: the root cgroup cannot be found by its number\n");
		cgroups_free(cgroups);
		skip();
	}
	for (uint64_t id = 1; id < 100000; id++) {
		place = cgroups_find(cgroups, CGROUP_V2, (1ULL << 60) + id);
		assert_null(place.path);
		if (id % 5000 == 0)
			assert_string_equal(cgroups_find(cgroups, CGROUP_V2, 1).path, "/");
	}
	cgroups_free(cgroups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cgroup_is_found_by_its_number_and_remembered),
		cmocka_unit_test(a_cgroup_that_was_told_needs_no_look),
		cmocka_unit_test(many_cgroups_do_not_push_out_one_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
