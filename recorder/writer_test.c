/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the writer on real files: commits, slices, limits, full disks.
 */
#include "recorder/writer.h"
#include "schema/scratch_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define SECOND 1000000000ULL

/* A row is stored for as many rows as the account says, and every row of the segment is in it.
 */
static const char reconciles[] =
	"SELECT count(*) FROM stage s WHERE attempted <> stored + excluded + (SELECT "
	"coalesce(sum(count), 0) FROM loss l WHERE l.stage = s.stage AND l.stream = s.stream) OR "
	"stored <> (SELECT coalesce(sum(row_count), 0) FROM chunk c WHERE c.stream = s.stream)";

struct recorder {
	char *directory;
	struct writer_options options;
	struct writer *writer;
};

static void open_again(struct recorder *recorder)
{
	char *problem = NULL;

	recorder->options.ledger = ledger_new();
	recorder->options.inventory = inventory_new(0, "test");
	assert_non_null(recorder->options.ledger);
	assert_non_null(recorder->options.inventory);
	if (writer_open(&recorder->options, &recorder->writer, &problem))
		fail_msg("%s", problem);
}

static struct recorder start(void)
{
	struct recorder recorder = {.directory = scratch_make()};

	recorder.options.directory = recorder.directory;
	recorder.options.append = 1;
	open_again(&recorder);
	return recorder;
}

static int stop(struct recorder *recorder, struct writer_status *status)
{
	int error = writer_close(recorder->writer, status);

	ledger_free(recorder->options.ledger);
	inventory_free(recorder->options.inventory);
	return error;
}

/* Rows that do not compress to nothing. */
static struct delivery *flows(uint64_t second, uint32_t count)
{
	struct delivery *delivery = delivery_new();
	struct flow_row row = {.network_transport = "udp", .connection_state = "open"};
	uint64_t noise = 88172645463325252ULL + second;

	assert_non_null(delivery);
	for (uint32_t i = 0; i < count; i++) {
		noise ^= noise << 13;
		noise ^= noise >> 7;
		noise ^= noise << 17;
		row.flow_id = noise;
		row.source_bytes = noise * 3;
		row.start_ns = row.end_ns = second * SECOND + i;
		assert_int_equal(delivery_row(delivery, STREAM_FLOW, &row), 0);
	}
	delivery->covered_ns = second * SECOND;
	return delivery;
}

static void deliver(struct recorder *recorder, struct delivery *delivery)
{
	assert_int_equal(writer_deliver(recorder->writer, delivery, 1), 0);
}

/* Until everything handed over has been dealt with. */
static void settle(struct recorder *recorder)
{
	struct writer_status status;

	do {
		writer_status(recorder->writer, &status);
		usleep(1000);
	} while (status.queued_rows);
}

static void what_is_delivered_is_in_the_segment(void **state)
{
	struct recorder recorder = start();
	struct process_row process = {.time_ns = SECOND, .event_action = "fork"};
	struct delivery *delivery = flows(7, 70000);
	struct writer_status status;

	assert_int_equal(delivery_row(delivery, STREAM_PROCESS, &process), 0);
	deliver(&recorder, delivery);
	deliver(&recorder, flows(8, 3));
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(status.rows[STREAM_FLOW], 70003);
	assert_int_equal(status.rows[STREAM_PROCESS], 1);
	assert_true(status.written_bytes > 70000 * 8);
	assert_answer(recorder.directory, 1, reconciles, "0");
	assert_answer(recorder.directory, 1,
		      "SELECT group_concat(stream || attempted) FROM "
		      "(SELECT * FROM stage ORDER BY stream)",
		      "flow70003,process1");
	assert_answer(recorder.directory, 1, "SELECT covered_ns FROM segment", "8000000000");
	assert_answer(recorder.directory, 1, "SELECT finished_ns > created_ns FROM segment",
		      "1");
	assert_answer(recorder.directory, 1, "SELECT command_line FROM host", "test");
	scratch_remove(recorder.directory);
}

static void an_open_slice_is_replaced_as_it_grows(void **state)
{
	struct recorder recorder = start();
	struct writer_status status;
	struct delivery *delivery;

	for (uint64_t i = 1; i <= 3; i++) {
		delivery = flows(10 + i, 100 * i);
		delivery->slice = i < 3 ? 10 : 0;
		delivery->drop_slice = i > 1 ? 10 : 0;
		deliver(&recorder, delivery);
	}
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(status.rows[STREAM_FLOW], 300);
	assert_answer(recorder.directory, 1, reconciles, "0");
	assert_answer(recorder.directory, 1, "SELECT sum(row_count) FROM chunk", "300");
	assert_answer(recorder.directory, 1,
		      "SELECT attempted || ' ' || stored || ' ' || excluded FROM stage",
		      "600 300 300");
	scratch_remove(recorder.directory);
}

static void a_slice_is_never_split_between_segments(void **state)
{
	struct recorder recorder = start();
	struct writer_status status;
	struct delivery *delivery;

	stop(&recorder, &status);
	recorder.options.segment_bytes = 1; /* every segment is full at once */
	open_again(&recorder);
	for (uint64_t i = 1; i <= 6; i++) {
		delivery = flows(10 + i, 100 * i);
		delivery->slice = i % 3 ? 10 + i / 4 : 0;
		delivery->drop_slice = i % 3 == 1 ? 0 : 10 + i / 4;
		deliver(&recorder, delivery);
	}
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(status.rows[STREAM_FLOW], 900);
	assert_answer(recorder.directory, 2, "SELECT sum(row_count) FROM chunk", "300");
	assert_answer(recorder.directory, 3, "SELECT sum(row_count) FROM chunk", "600");
	for (int i = 2; i <= 3; i++) {
		assert_answer(recorder.directory, i, reconciles, "0");
		assert_answer(recorder.directory, i, "SELECT count(*) FROM host", "1");
		assert_answer(recorder.directory, i,
			      "SELECT count(*) FROM chunk WHERE slice IS NOT NULL", "0");
	}
	scratch_remove(recorder.directory);
}

static void a_segment_ends_after_its_time(void **state)
{
	struct recorder recorder = start();
	struct writer_status status;

	stop(&recorder, &status);
	recorder.options.segment_ns = 10 * SECOND;
	open_again(&recorder);
	for (uint64_t second = 100; second <= 125; second += 5)
		deliver(&recorder, flows(second, 1));
	assert_int_equal(stop(&recorder, &status), 0);
	assert_answer(recorder.directory, 2, "SELECT covered_ns FROM segment", "110000000000");
	assert_answer(recorder.directory, 3, "SELECT covered_ns FROM segment", "125000000000");
	scratch_remove(recorder.directory);
}

static void a_recording_is_not_written_over(void **state)
{
	struct recorder recorder = start();
	struct writer_status status;
	char *problem = NULL;

	stop(&recorder, &status);
	recorder.options.append = 0;
	assert_int_equal(writer_open(&recorder.options, &recorder.writer, &problem), -EEXIST);
	assert_non_null(strstr(problem, recorder.directory));
	free(problem);
	scratch_remove(recorder.directory);
}

static void appending_goes_on_with_number_and_name(void **state)
{
	struct recorder recorder = start();
	struct writer_status status;
	char *id;

	stop(&recorder, &status);
	open_again(&recorder);
	assert_int_equal(stop(&recorder, &status), 0);
	id = scratch_ask(recorder.directory, 1, "SELECT recording_id FROM segment");
	assert_int_equal(strlen(id), 32);
	assert_answer(recorder.directory, 2, "SELECT recording_id FROM segment", id);
	assert_answer(recorder.directory, 2, "SELECT sequence FROM segment", "2");
	free(id);
	scratch_remove(recorder.directory);
}

static void a_directory_that_cannot_be_made_is_one_line(void **state)
{
	struct writer_options options = {.directory = "/proc/self/no/directory"};
	struct writer *writer;
	char *problem = NULL;

	assert_true(writer_open(&options, &writer, &problem) < 0);
	assert_non_null(strstr(problem, options.directory));
	assert_null(strchr(problem, '\n'));
	free(problem);
}

static void nobody_else_can_read_a_recording(void **state)
{
	char *parent = scratch_make(), directory[PATH_MAX], file[PATH_MAX + 32];
	struct recorder recorder = {.options.directory = directory};
	struct writer_status status;
	struct stat mode;

	snprintf(directory, sizeof(directory), "%s/new", parent);
	open_again(&recorder);
	deliver(&recorder, flows(1, 1));
	settle(&recorder);
	assert_int_equal(stat(directory, &mode), 0);
	assert_int_equal(mode.st_mode & 0777, 0700);
	snprintf(file, sizeof(file), "%s/000001.segment", directory);
	assert_int_equal(stat(file, &mode), 0);
	assert_int_equal(mode.st_mode & 0777, 0600);
	strcat(file, "-wal");
	assert_int_equal(stat(file, &mode), 0);
	assert_int_equal(mode.st_mode & 0777, 0600);
	assert_int_equal(stop(&recorder, &status), 0);
	scratch_remove(parent);
}

/* A file that takes all that is left of the disk. */
static void fill_disk(const char *path)
{
	char block[4096] = "x";
	int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	while (write(file, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(file);
}

static void a_full_disk_is_counted_and_the_recording_goes_on(void **state)
{
	char *mount_point, filler[PATH_MAX];
	struct recorder recorder = {0};
	struct writer_status status;

	if (geteuid()) {
		print_message("SKIPPED: a full disk needs root, for a small tmpfs\n");
		skip();
	}
	mount_point = scratch_make();
	assert_int_equal(mount("none", mount_point, "tmpfs", 0, "size=8m"), 0);
	recorder.options.directory = mount_point;
	open_again(&recorder);
	deliver(&recorder, flows(1, 1000));
	settle(&recorder);

	snprintf(filler, sizeof(filler), "%s/filler", mount_point);
	fill_disk(filler);
	deliver(&recorder, flows(2, 200000));
	deliver(&recorder, flows(3, 60000));
	settle(&recorder);
	writer_status(recorder.writer, &status);
	assert_int_equal(status.error, -ENOSPC);
	assert_non_null(strstr(status.problem, "000001.segment"));
	assert_int_equal(status.rows[STREAM_FLOW], 1000);
	assert_int_equal(ledger_lost(recorder.options.ledger), 260000);

	assert_int_equal(unlink(filler), 0);
	deliver(&recorder, flows(4, 500));
	settle(&recorder);
	writer_status(recorder.writer, &status);
	assert_int_equal(status.error, 0);
	assert_int_equal(stop(&recorder, &status), -ENOSPC);
	assert_int_equal(status.rows[STREAM_FLOW], 1500);
	assert_answer(mount_point, 1, reconciles, "0");
	assert_answer(
		mount_point, 1,
		"SELECT group_concat(reason || ' ' || count || ' ' || first_ns) FROM loss",
		"disk full 260000 2000000000");
	assert_int_equal(umount(mount_point), 0);
	scratch_remove(mount_point);
}

static void a_disk_that_stays_full_leaves_a_recording_that_says_so(void **state)
{
	char *mount_point, filler[PATH_MAX];
	struct recorder recorder = {0};
	struct writer_status status;

	if (geteuid()) {
		print_message("SKIPPED: a full disk needs root, for a small tmpfs\n");
		skip();
	}
	mount_point = scratch_make();
	assert_int_equal(mount("none", mount_point, "tmpfs", 0, "size=8m"), 0);
	recorder.options.directory = mount_point;
	open_again(&recorder);
	deliver(&recorder, flows(1, 1000));
	settle(&recorder);
	snprintf(filler, sizeof(filler), "%s/filler", mount_point);
	fill_disk(filler);
	deliver(&recorder, flows(2, 200000));
	deliver(&recorder, flows(3, 200000));
	assert_int_equal(stop(&recorder, &status), -ENOSPC);
	assert_answer(mount_point, 1, "SELECT sum(row_count) FROM chunk", "1000");
	assert_answer(mount_point, 1, reconciles, "0");
	assert_answer(mount_point, 1, "SELECT reason || ' ' || sum(count) FROM loss",
		      "disk full 400000");
	assert_int_equal(umount(mount_point), 0);
	scratch_remove(mount_point);
}

static void a_disk_that_is_full_from_the_start_is_one_line(void **state)
{
	char *mount_point, filler[PATH_MAX], *problem = NULL;
	struct writer_options options = {0};
	struct writer *writer;

	if (geteuid()) {
		print_message("SKIPPED: a full disk needs root, for a small tmpfs\n");
		skip();
	}
	mount_point = scratch_make();
	assert_int_equal(mount("none", mount_point, "tmpfs", 0, "size=1m"), 0);
	snprintf(filler, sizeof(filler), "%s/filler", mount_point);
	fill_disk(filler);
	options.directory = mount_point;
	assert_int_equal(writer_open(&options, &writer, &problem), -ENOSPC);
	assert_non_null(strstr(problem, "000001.segment"));
	assert_null(strchr(problem, '\n'));
	free(problem);
	assert_int_equal(umount(mount_point), 0);
	scratch_remove(mount_point);
}

static void a_segment_that_cannot_be_written_is_followed_by_another(void **state)
{
	struct recorder recorder = start();
	struct rlimit before, small;
	struct writer_status status;

	deliver(&recorder, flows(1, 1000));
	settle(&recorder);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	deliver(&recorder, flows(2, 200000));
	settle(&recorder);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	deliver(&recorder, flows(3, 500));
	assert_true(stop(&recorder, &status) < 0);
	assert_int_equal(status.rows[STREAM_FLOW], 1500);
	assert_answer(recorder.directory, 1, "SELECT sum(row_count) FROM chunk", "1000");
	assert_answer(recorder.directory, 1, reconciles, "0");
	assert_answer(recorder.directory, 1, "SELECT reason || ' ' || count FROM loss",
		      "write error 200000");
	assert_answer(recorder.directory, 2, "SELECT sum(row_count) FROM chunk", "500");
	assert_answer(recorder.directory, 2, reconciles, "0");
	scratch_remove(recorder.directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_delivered_is_in_the_segment),
		cmocka_unit_test(an_open_slice_is_replaced_as_it_grows),
		cmocka_unit_test(a_slice_is_never_split_between_segments),
		cmocka_unit_test(a_segment_ends_after_its_time),
		cmocka_unit_test(a_recording_is_not_written_over),
		cmocka_unit_test(appending_goes_on_with_number_and_name),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_one_line),
		cmocka_unit_test(nobody_else_can_read_a_recording),
		cmocka_unit_test(a_full_disk_is_counted_and_the_recording_goes_on),
		cmocka_unit_test(a_disk_that_stays_full_leaves_a_recording_that_says_so),
		cmocka_unit_test(a_disk_that_is_full_from_the_start_is_one_line),
		cmocka_unit_test(a_segment_that_cannot_be_written_is_followed_by_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
