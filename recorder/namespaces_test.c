/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of network namespaces and their interfaces, on real ones.
 */
#include "recorder/lab_test.h"
#include "recorder/namespaces.h"
#include "schema/scratch_test.h"

#include <errno.h>

static uint32_t own_inode(void)
{
	struct stat status;

	assert_int_equal(stat("/proc/self/ns/net", &status), 0);
	return (uint32_t)status.st_ino;
}

struct seen {
	uint32_t first;
	int near, far, wrong;
	const struct lab *lab;
};

/* In each visit the thread must be where it is told to be. */
static int look_around(const struct network_namespace *one, int error, void *context)
{
	struct seen *seen = context;
	struct stat status;

	if (!seen->first)
		seen->first = one->inode;
	if (error)
		return 0;
	if (stat("/proc/thread-self/ns/net", &status) || status.st_ino != one->inode)
		seen->wrong++;
	if (seen->lab && one->inode == seen->lab->near_inode)
		seen->near += one->name && !strcmp(one->name, seen->lab->near);
	if (seen->lab && one->inode == seen->lab->far_inode)
		seen->far += one->name && !strcmp(one->name, seen->lab->far);
	return 0;
}

static void every_namespace_is_entered_once_and_the_caller_stays(void **state)
{
	struct lab lab;
	struct seen seen = {.lab = &lab};
	uint32_t own = own_inode();

	if (lab_make(&lab)) {
		print_message("SKIPPED: network namespaces cannot be made here\n");
		skip();
	}
	assert_int_equal(namespaces_visit(look_around, &seen), 0);
	lab_remove(&lab);
	assert_int_equal(seen.first, own);
	assert_int_equal(own_inode(), own);
	assert_int_equal(seen.near, 1);
	assert_int_equal(seen.far, 1);
	assert_int_equal(seen.wrong, 0);
}

static int refuse(const struct network_namespace *one, int error, void *context)
{
	++*(int *)context;
	return -ECANCELED;
}

static void a_visit_that_fails_ends_the_round(void **state)
{
	int visits = 0;

	assert_int_equal(namespaces_visit(refuse, &visits), -ECANCELED);
	assert_int_equal(visits, 1);
}

struct shelf {
	char *directory;
	struct inventory *inventory;
	struct segment_writer *segment;
};

static struct shelf open_shelf(void)
{
	struct segment_identity identity = {.recording_id = "test",
					    .sequence = 1,
					    .writer = "test",
					    .created_ns = 1,
					    .level = 1};
	struct shelf shelf = {.directory = scratch_make(),
			      .inventory = inventory_new(0, "test")};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/000001.segment", shelf.directory);
	assert_int_equal(segment_create(path, &identity, &shelf.segment), 0);
	assert_non_null(shelf.inventory);
	return shelf;
}

static void snapshot(struct shelf *shelf, uint64_t now_ns)
{
	int error = namespaces_snapshot(shelf->inventory, now_ns);

	assert_int_equal(error, 0);
	assert_int_equal(segment_begin(shelf->segment), 0);
	assert_int_equal(inventory_store(shelf->inventory, shelf->segment, now_ns == 1000), 0);
	assert_int_equal(segment_commit(shelf->segment, 0), 0);
	inventory_committed(shelf->inventory);
}

static void close_shelf(struct shelf *shelf)
{
	segment_close(shelf->segment);
	inventory_free(shelf->inventory);
	scratch_remove(shelf->directory);
}

/* One text for an interface's row, "none" when there is none. */
static char *row(const struct shelf *shelf, uint32_t inode, const char *name)
{
	char sql[512];

	snprintf(
		sql, sizeof(sql),
		"SELECT coalesce(max(coalesce(network_namespace_name, '-') || ' ' || "
		"coalesce(kind, '-') || ' ' || coalesce(mac_address, '-') || ' ' || first_ns || "
		"' ' || coalesce(last_ns, '-')), 'none') FROM interface WHERE network_namespace = "
		"%u AND network_interface_name = '%s'",
		inode, name);
	return scratch_ask(shelf->directory, 1, sql);
}

static void expect(const struct shelf *shelf, uint32_t inode, const char *name,
		   const char *format, const char *value)
{
	char *got = row(shelf, inode, name), expected[256];

	snprintf(expected, sizeof(expected), format, value);
	assert_string_equal(got, expected);
	free(got);
}

static void the_own_interfaces_are_told(void **state)
{
	struct shelf shelf = open_shelf();

	if (geteuid()) {
		print_message("SKIPPED: other processes' namespaces need root\n");
		close_shelf(&shelf);
		skip();
	}
	snapshot(&shelf, 1000);
	expect(&shelf, own_inode(), "lo", "- - - 1000 -", "");
	close_shelf(&shelf);
}

static void interfaces_come_change_and_go(void **state)
{
	struct lab lab;
	struct shelf shelf;

	if (lab_make(&lab)) {
		print_message("SKIPPED: network namespaces cannot be made here\n");
		skip();
	}
	shelf = open_shelf();
	assert_int_equal(
		lab_run("ip -n %s link set veth-near address 02:00:00:00:00:01", lab.near), 0);
	snapshot(&shelf, 1000);
	expect(&shelf, lab.near_inode, "veth-near", "%s veth 02:00:00:00:00:01 1000 -",
	       lab.near);
	expect(&shelf, lab.near_inode, "lo", "%s - - 1000 -", lab.near);

	assert_int_equal(
		lab_run("ip -n %s link add br0 address 02:00:00:00:00:02 type bridge && "
			"ip -n %s link set veth-near address 02:00:00:00:00:03",
			lab.far, lab.near),
		0);
	snapshot(&shelf, 2000);
	expect(&shelf, lab.far_inode, "br0", "%s bridge 02:00:00:00:00:02 2000 -", lab.far);
	expect(&shelf, lab.near_inode, "veth-near", "%s veth 02:00:00:00:00:03 1000 -",
	       lab.near);

	assert_int_equal(
		lab_run("ip -n %s link del br0 && ip -n %s link set veth-near name late",
			lab.far, lab.near),
		0);
	snapshot(&shelf, 3000);
	expect(&shelf, lab.far_inode, "br0", "%s bridge 02:00:00:00:00:02 2000 3000", lab.far);
	expect(&shelf, lab.near_inode, "veth-near", "%s veth 02:00:00:00:00:03 1000 3000",
	       lab.near);
	expect(&shelf, lab.near_inode, "late", "%s veth 02:00:00:00:00:03 3000 -", lab.near);

	/* A recorder that looked at a namespace does not keep it alive. */
	lab_remove(&lab);
	snapshot(&shelf, 4000);
	expect(&shelf, lab.near_inode, "lo", "%s - - 1000 4000", lab.near);
	expect(&shelf, lab.near_inode, "late", "%s veth 02:00:00:00:00:03 3000 4000", lab.near);
	close_shelf(&shelf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_namespace_is_entered_once_and_the_caller_stays),
		cmocka_unit_test(a_visit_that_fails_ends_the_round),
		cmocka_unit_test(the_own_interfaces_are_told),
		cmocka_unit_test(interfaces_come_change_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
