/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cgroups: container ids in paths, and real cgroups found by their number.
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

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX32 "0123456789abcdef0123456789abcdef"

static void expect(const char *path, const char *expected)
{
	char id[CONTAINER_ID_SIZE] = "";

	assert_int_equal(cgroup_container_id(path, id), expected != NULL);
	assert_string_equal(id, expected ? expected : "");
}

static void containers_are_found_in_their_paths(void **state)
{
	expect("/docker/" HEX64, HEX64);
	expect("/system.slice/docker-" HEX64 ".scope", HEX64);
	expect("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod01234567_89ab_"
	       "cdef_0123_456789abcdef.slice/cri-containerd-" HEX64 ".scope",
	       HEX64);
	expect("/machine.slice/libpod-" HEX64 ".scope/container", HEX64);
	expect("/kubepods/pod01234567-89ab-cdef-0123-456789abcdef/crio-" HEX64, HEX64);
	expect("/ecs/cluster/" HEX32 "-1234567890", HEX32 "-1234567890");
	expect("/garden/01234567-89ab-cdef-0123-4567", "01234567-89ab-cdef-0123-4567");
}

static void the_deepest_container_counts(void **state)
{
	expect("/docker/" HEX64 "/docker/f" HEX64 "/docker/fedcba98" HEX32 HEX32, HEX64);
	expect("/docker/" HEX64 "/kubelet/" HEX32 "-7", HEX32 "-7");
}

static void other_paths_are_no_containers(void **state)
{
	expect("/", NULL);
	expect("", NULL);
	expect("/system.slice/ssh.service", NULL);
	expect("/user.slice/user-0.slice/session-1.scope", NULL);
	expect("/docker/" HEX64 "0", NULL);
	expect("/docker/f" HEX64, NULL);
	expect("/docker/" HEX32, NULL);
	expect("/ecs/" HEX32 "-", NULL);
	expect("/ecs/" HEX32 "-12ab", NULL);
	expect("/kubepods/01234567-89ab-cdef-0123-456789abcdef", NULL);
	expect("/x/01234567-89ab-cdef-0123-456", NULL);
}

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

	place = cgroups_find(cgroups, hierarchy, status.st_ino);
	assert_string_equal(place.path, expected);
	cgroups_free(cgroups);

	cgroups = cgroups_new();
	place = cgroups_find(cgroups, hierarchy, status.st_ino);
	assert_null(place.path);
	assert_null(place.container_id);
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
		cmocka_unit_test(containers_are_found_in_their_paths),
		cmocka_unit_test(the_deepest_container_counts),
		cmocka_unit_test(other_paths_are_no_containers),
		cmocka_unit_test(a_cgroup_is_found_by_its_number_and_remembered),
		cmocka_unit_test(many_cgroups_do_not_push_out_one_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
