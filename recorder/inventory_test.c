/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the inventory: what a segment is told, and when.
 */
#include "recorder/inventory.h"
#include "schema/scratch_test.h"

#include <sys/utsname.h>
#include <time.h>

struct shelf {
	char *directory;
	struct inventory *inventory;
	struct segment_writer *segment;
	int number;
};

static void next_segment(struct shelf *shelf)
{
	struct segment_identity identity = {
		.recording_id = "test", .writer = "test", .created_ns = 1, .level = 1};
	char path[PATH_MAX];

	segment_close(shelf->segment);
	snprintf(path, sizeof(path), "%s/%06d.segment", shelf->directory, ++shelf->number);
	identity.sequence = shelf->number;
	assert_int_equal(segment_create(path, &identity, &shelf->segment), 0);
}

static struct shelf open_shelf(int of_this_host)
{
	struct shelf shelf = {.directory = scratch_make()};

	shelf.inventory = inventory_new(of_this_host, "flowrec record -o x");
	assert_non_null(shelf.inventory);
	next_segment(&shelf);
	return shelf;
}

static void store(struct shelf *shelf, int all)
{
	assert_int_equal(segment_begin(shelf->segment), 0);
	assert_int_equal(inventory_store(shelf->inventory, shelf->segment, all), 0);
	assert_int_equal(segment_commit(shelf->segment, 0), 0);
	inventory_committed(shelf->inventory);
}

static void close_shelf(struct shelf *shelf)
{
	segment_close(shelf->segment);
	inventory_free(shelf->inventory);
	scratch_remove(shelf->directory);
}

static const struct interface_entry veth = {
	.network_namespace = 4026531840,
	.network_namespace_name = "blue",
	.interface_index = 7,
	.name = "veth0",
	.kind = "veth",
	.mac = {2, 0, 0, 0xab, 0, 1},
	.has_mac = 1,
	.first_ns = 1000,
};

/* A file's only line, or "NULL" where there is no such file. */
static const char *line_of(const char *path)
{
	static char line[128];
	FILE *file = fopen(path, "r");

	snprintf(line, sizeof(line), "NULL");
	if (file) {
		assert_non_null(fgets(line, sizeof(line), file));
		line[strcspn(line, "\n")] = 0;
		fclose(file);
	}
	return line;
}

static void the_host_is_told(void **state)
{
	struct shelf shelf = open_shelf(1);
	struct utsname name;

	assert_int_equal(uname(&name), 0);
	store(&shelf, 1);
	assert_answer(shelf.directory, 1, "SELECT host_name FROM host", name.nodename);
	assert_answer(shelf.directory, 1, "SELECT kernel_release FROM host", name.release);
	assert_answer(shelf.directory, 1, "SELECT length(boot_id) FROM host", "36");
	assert_answer(shelf.directory, 1, "SELECT cpu_count > 0 FROM host", "1");
	assert_answer(shelf.directory, 1, "SELECT cpu_governor FROM host",
		      line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
	assert_true(inventory_boot_digest(shelf.inventory) != 0);
	close_shelf(&shelf);
}

static void an_import_tells_nothing_of_this_host(void **state)
{
	struct shelf shelf = open_shelf(0);
	struct capture_entry capture = {
		.path = "a.pcap", .packets = 9, .verdicts = {5, 1, 1, 1, 1}, .problem = "cut"};

	assert_int_equal(inventory_capture(shelf.inventory, &capture), 0);
	store(&shelf, 1);
	assert_answer(shelf.directory, 1, "SELECT host_name FROM host", "NULL");
	assert_answer(shelf.directory, 1, "SELECT boot_id FROM host", "NULL");
	assert_answer(shelf.directory, 1, "SELECT cpu_count FROM host", "NULL");
	assert_answer(shelf.directory, 1, "SELECT command_line FROM host",
		      "flowrec record -o x");
	assert_answer(shelf.directory, 1,
		      "SELECT packets - counted - not_ip - truncated - malformed - "
		      "unknown_link_type FROM capture",
		      "0");
	assert_answer(shelf.directory, 1, "SELECT first_ns FROM capture", "NULL");
	close_shelf(&shelf);
}

static void only_changes_are_written(void **state)
{
	struct shelf shelf = open_shelf(0);

	assert_int_equal(inventory_interface(shelf.inventory, &veth), 0);
	assert_int_equal(inventory_probe(shelf.inventory, "nat", "fentry", 0, "refused"), 0);
	store(&shelf, 1);
	assert_answer(shelf.directory, 1, "SELECT mac_address FROM interface",
		      "02:00:00:ab:00:01");
	assert_answer(shelf.directory, 1, "SELECT last_ns FROM interface", "NULL");

	/* If the second store wrote the unchanged interface again, it would come back. */
	assert_int_equal(segment_begin(shelf.segment), 0);
	assert_int_equal(segment_put(shelf.segment, "DELETE FROM interface", ""), 0);
	assert_int_equal(segment_commit(shelf.segment, 0), 0);
	assert_int_equal(inventory_probe(shelf.inventory, "nat", "fentry", 1, "attached"), 0);
	store(&shelf, 0);
	assert_answer(shelf.directory, 1, "SELECT count(*) FROM interface", "0");
	assert_answer(shelf.directory, 1, "SELECT chosen || explanation FROM probe",
		      "1attached");
	close_shelf(&shelf);
}

static void a_new_segment_has_what_still_is_there(void **state)
{
	struct shelf shelf = open_shelf(0);
	struct interface_entry other = veth;

	other.interface_index = 8;
	assert_int_equal(inventory_interface(shelf.inventory, &veth), 0);
	assert_int_equal(inventory_interface(shelf.inventory, &other), 0);
	store(&shelf, 1);
	other.last_ns = 2000;
	assert_int_equal(inventory_interface(shelf.inventory, &other), 0);
	store(&shelf, 0);
	assert_answer(shelf.directory, 1,
		      "SELECT last_ns FROM interface WHERE interface_index = 8", "2000");
	next_segment(&shelf);
	store(&shelf, 1);
	assert_answer(shelf.directory, 2, "SELECT interface_index FROM interface", "7");
	close_shelf(&shelf);
}

static void a_rolled_back_change_is_written_later(void **state)
{
	struct shelf shelf = open_shelf(0);
	struct interface_entry gone = veth;

	store(&shelf, 1);
	gone.last_ns = 2000;
	assert_int_equal(inventory_interface(shelf.inventory, &gone), 0);
	assert_int_equal(segment_begin(shelf.segment), 0);
	assert_int_equal(inventory_store(shelf.inventory, shelf.segment, 0), 0);
	segment_rollback(shelf.segment);
	store(&shelf, 0);
	assert_answer(shelf.directory, 1, "SELECT last_ns FROM interface", "2000");
	close_shelf(&shelf);
}

static void every_segment_has_a_clock_anchor(void **state)
{
	struct shelf shelf = open_shelf(1);
	struct timespec boot, epoch;
	int64_t offset = 0, expected;

	for (int i = 0; i < 3; i++)
		offset = inventory_clock(shelf.inventory);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &epoch);
	expected = (epoch.tv_sec - boot.tv_sec) * 1000000000 + epoch.tv_nsec - boot.tv_nsec;
	assert_true(llabs(offset - expected) < 1000000000);
	store(&shelf, 1);
	assert_answer(shelf.directory, 1, "SELECT count(*) FROM clock", "3");
	next_segment(&shelf);
	store(&shelf, 1);
	assert_answer(shelf.directory, 2, "SELECT count(*) FROM clock", "1");
	close_shelf(&shelf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_is_told),
		cmocka_unit_test(an_import_tells_nothing_of_this_host),
		cmocka_unit_test(only_changes_are_written),
		cmocka_unit_test(a_new_segment_has_what_still_is_there),
		cmocka_unit_test(a_rolled_back_change_is_written_later),
		cmocka_unit_test(every_segment_has_a_clock_anchor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
