/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the writer on real files: commits, slices, limits, full disks.
 */
#include "recorder/writer.h"
#include "schema/scratch_test.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

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

/* Rows that do not compress to nothing: as many that stay, as many of an open slice. */
static struct delivery *flows_of(uint64_t slice, uint64_t second, uint32_t count,
				 uint32_t so_far)
{
	struct delivery *delivery = delivery_new();
	struct flow_row row = {.network_transport = "udp", .connection_state = "open"};
	uint64_t noise = 88172645463325252ULL + second;

	assert_non_null(delivery);
	delivery->slice = slice;
	for (uint32_t i = 0; i < count + so_far; i++) {
		noise ^= noise << 13;
		noise ^= noise >> 7;
		noise ^= noise << 17;
		row.flow_id = noise;
		row.source_bytes = noise * 3;
		row.start_ns = row.end_ns = second * SECOND + i;
		if (i < count)
			assert_int_equal(delivery_row(delivery, STREAM_FLOW, &row), 0);
		else
			assert_int_equal(delivery_row_so_far(delivery, STREAM_FLOW, &row), 0);
	}
	delivery->covered_ns = second * SECOND;
	return delivery;
}

static struct delivery *flows(uint64_t second, uint32_t count)
{
	return flows_of(0, second, count, 0);
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
		delivery = i < 3 ? flows_of(10, 10 + i, 0, 100 * i) : flows(10 + i, 100 * i);
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

static void rows_that_stay_may_come_with_those_of_an_open_slice(void **state)
{
	struct recorder recorder = start();
	struct writer_status status;
	struct delivery *delivery;

	deliver(&recorder, flows_of(10, 11, 5, 20));
	deliver(&recorder, flows_of(10, 12, 7, 30));
	delivery = flows(13, 50);
	delivery->drop_slice = 10;
	deliver(&recorder, delivery);
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(status.rows[STREAM_FLOW], 62);
	assert_answer(recorder.directory, 1, reconciles, "0");
	assert_answer(recorder.directory, 1, "SELECT sum(row_count) FROM chunk", "62");
	assert_answer(recorder.directory, 1,
		      "SELECT attempted || ' ' || stored || ' ' || excluded FROM stage",
		      "112 62 50");
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
		delivery = i % 3 ? flows_of(10 + i / 4, 10 + i, 0, 100 * i)
				 : flows(10 + i, 100 * i);
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

/* How many files there are with names like that, and their size. */
static size_t count_files(const char *directory, const char *pattern, uint64_t *size_bytes)
{
	char path[PATH_MAX];
	struct stat status;
	size_t count;
	glob_t found;

	snprintf(path, sizeof(path), "%s/%s", directory, pattern);
	*size_bytes = 0;
	if (glob(path, GLOB_NOSORT, NULL, &found))
		return 0;
	count = found.gl_pathc;
	for (size_t i = 0; i < count; i++)
		if (!stat(found.gl_pathv[i], &status))
			*size_bytes += (uint64_t)status.st_size;
	globfree(&found);
	return count;
}

/* Whether a segment is sealed in the end, with the sealer at work. */
static int is_sealed_at_last(const char *directory, int number)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%06d.segment", directory, number);
	for (int tries = 0; access(path, F_OK); tries++) {
		if (tries == 20000)
			return 0;
		usleep(1000);
	}
	return 1;
}

static void segments_are_sealed_while_the_recording_goes_on(void **state)
{
	struct recorder recorder = {.directory = scratch_make()};
	struct writer_status status;
	uint64_t size_bytes;

	recorder.options.directory = recorder.directory;
	recorder.options.segment_bytes = 1; /* every segment is full at once */
	recorder.options.gentle = 1;
	open_again(&recorder);
	for (uint64_t second = 1; second <= 3; second++)
		deliver(&recorder, flows(second, 1000));
	assert_true(is_sealed_at_last(recorder.directory, 1));
	assert_true(is_sealed_at_last(recorder.directory, 2));
	assert_int_equal(count_files(recorder.directory, "000003.live.segment", &size_bytes),
			 1);
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(status.seal.left, 0);
	assert_int_equal(count_files(recorder.directory, "*", &size_bytes), 3);
	assert_int_equal(status.written_bytes, size_bytes);
	for (int i = 1; i <= 3; i++) {
		assert_answer(recorder.directory, i, reconciles, "0");
		assert_answer(recorder.directory, i, "SELECT sum(row_count) FROM chunk",
			      "1000");
	}
	scratch_remove(recorder.directory);
}

static int always(void *context, uint32_t left)
{
	return 1;
}

/* In a process of its own: it ends while a thread is still sealing. */
static int be_stopped_while_sealing(struct recorder *recorder)
{
	struct writer_status status;

	recorder->options.is_enough = always;
	open_again(recorder);
	for (uint64_t second = 1; second <= 4; second++)
		deliver(recorder, flows(second, 100000));
	if (writer_close(recorder->writer, &status))
		return 1;
	return status.seal.was_stopped && status.seal.left == 1 ? 0 : 2;
}

static void sealing_that_is_stopped_loses_nothing(void **state)
{
	struct recorder recorder = {.directory = scratch_make()};
	struct writer_status status;
	uint64_t size_bytes;
	pid_t child;
	int ended;

	recorder.options.directory = recorder.directory;
	recorder.options.append = 1;
	child = fork();
	if (!child)
		_exit(be_stopped_while_sealing(&recorder));
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
	assert_int_equal(count_files(recorder.directory, "*", &size_bytes), 1);
	assert_int_equal(count_files(recorder.directory, "000001.live.segment", &size_bytes),
			 1);
	assert_answer(recorder.directory, 1, "SELECT sum(row_count) FROM chunk", "400000");

	/* The next one seals it, and goes on. */
	open_again(&recorder);
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(count_files(recorder.directory, "*", &size_bytes), 2);
	assert_int_equal(count_files(recorder.directory, "00000[12].segment", &size_bytes), 2);
	assert_answer(recorder.directory, 1, "SELECT sum(row_count) FROM chunk", "400000");
	scratch_remove(recorder.directory);
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
	snprintf(file, sizeof(file), "%s/000001.live.segment", directory);
	assert_int_equal(stat(file, &mode), 0);
	assert_int_equal(mode.st_mode & 0777, 0600);
	strcat(file, "-wal");
	assert_int_equal(stat(file, &mode), 0);
	assert_int_equal(mode.st_mode & 0777, 0600);
	assert_int_equal(stop(&recorder, &status), 0);
	snprintf(file, sizeof(file), "%s/000001.segment", directory);
	assert_int_equal(stat(file, &mode), 0);
	assert_int_equal(mode.st_mode & 0777, 0600);
	scratch_remove(parent);
}

/* A file that takes all that is left of the disk, but for so much. */
static void fill_disk(const char *path, uint64_t left_bytes)
{
	char block[4096] = "x";
	struct stat status;
	int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	while (write(file, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(ftruncate(file, status.st_size - (off_t)left_bytes), 0);
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
	fill_disk(filler, 0);
	deliver(&recorder, flows(2, 200000));
	deliver(&recorder, flows(3, 60000));
	settle(&recorder);
	writer_status(recorder.writer, &status);
	assert_int_equal(status.error, -ENOSPC);
	assert_non_null(strstr(status.problem, "000001.live.segment"));
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
	fill_disk(filler, 0);
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
	fill_disk(filler, 0);
	options.directory = mount_point;
	assert_int_equal(writer_open(&options, &writer, &problem), -ENOSPC);
	assert_non_null(strstr(problem, "000001.live.segment"));
	assert_null(strchr(problem, '\n'));
	free(problem);
	assert_int_equal(umount(mount_point), 0);
	scratch_remove(mount_point);
}

static void a_disk_too_full_for_sealing_does_not_stop_the_recording(void **state)
{
	char *mount_point, filler[PATH_MAX];
	struct recorder recorder = {0};
	struct writer_status status;
	uint64_t size_bytes;

	if (geteuid()) {
		print_message("SKIPPED: a full disk needs root, for a small tmpfs\n");
		skip();
	}
	mount_point = scratch_make();
	assert_int_equal(mount("none", mount_point, "tmpfs", 0, "size=16m"), 0);
	recorder.options.directory = mount_point;
	recorder.options.segment_bytes = 1;
	open_again(&recorder);
	deliver(&recorder, flows(1, 100000));
	settle(&recorder);
	snprintf(filler, sizeof(filler), "%s/filler", mount_point);
	fill_disk(filler, 2 << 20);

	/* Room for more rows, but not for the sealed form of those that are there. */
	deliver(&recorder, flows(2, 500));
	deliver(&recorder, flows(3, 500));
	settle(&recorder);
	do
		writer_status(recorder.writer, &status);
	while (!status.seal.error);
	assert_int_equal(status.error, 0);
	assert_int_equal(status.rows[STREAM_FLOW], 101000);
	assert_int_equal(ledger_lost(recorder.options.ledger), 0);
	assert_int_equal(status.seal.error, -ENOSPC);
	assert_int_equal(status.seal.left, 2);
	assert_non_null(strstr(status.seal.problem, "000001.live.segment"));
	assert_null(strchr(status.seal.problem, '\n'));
	assert_int_equal(count_files(mount_point, "*.live.segment", &size_bytes), 3);
	assert_int_equal(count_files(mount_point, "*.sealing", &size_bytes), 0);
	assert_int_equal(count_files(mount_point, "00000?.segment", &size_bytes), 0);
	assert_answer(mount_point, 1, "SELECT sum(row_count) FROM chunk", "100000");

	/* There is room again: the next segment brings it all up to date. */
	assert_int_equal(unlink(filler), 0);
	deliver(&recorder, flows(4, 500));
	for (int i = 1; i <= 3; i++)
		assert_true(is_sealed_at_last(mount_point, i));
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(status.seal.left, 0);
	assert_int_equal(count_files(mount_point, "*", &size_bytes), 4);
	assert_int_equal(status.written_bytes, size_bytes);
	assert_int_equal(umount(mount_point), 0);
	scratch_remove(mount_point);
}

static void a_disk_that_fills_up_during_the_last_seal_leaves_the_segment_live(void **state)
{
	char *mount_point, filler[PATH_MAX];
	struct recorder recorder = {0};
	struct writer_status status;
	uint64_t size_bytes;

	if (geteuid()) {
		print_message("SKIPPED: a full disk needs root, for a small tmpfs\n");
		skip();
	}
	mount_point = scratch_make();
	assert_int_equal(mount("none", mount_point, "tmpfs", 0, "size=20m"), 0);
	recorder.options.directory = mount_point;
	recorder.options.append = 1;
	recorder.options.segment_bytes = 1;
	open_again(&recorder);
	/* From now on there is never twice its size left. */
	deliver(&recorder, flows(1, 450000));
	deliver(&recorder, flows(2, 500));
	settle(&recorder);
	snprintf(filler, sizeof(filler), "%s/filler", mount_point);
	fill_disk(filler, 2 << 20);
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(status.seal.left, 2);
	assert_int_equal(status.seal.error, -ENOSPC);
	assert_non_null(strstr(status.seal.problem, "000001.live.segment"));
	assert_null(strchr(status.seal.problem, '\n'));
	assert_null(strstr(status.seal.problem, "nearly"));
	assert_int_equal(count_files(mount_point, "00000[12].live.segment", &size_bytes), 2);
	assert_int_equal(count_files(mount_point, "*.segment*", &size_bytes), 2);
	assert_int_equal(status.written_bytes, size_bytes);
	assert_answer(mount_point, 1, "SELECT sum(row_count) FROM chunk", "450000");
	assert_answer(mount_point, 1, reconciles, "0");

	assert_int_equal(unlink(filler), 0);
	open_again(&recorder);
	assert_int_equal(stop(&recorder, &status), 0);
	assert_int_equal(count_files(mount_point, "00000[123].segment", &size_bytes), 3);
	assert_int_equal(count_files(mount_point, "*.segment*", &size_bytes), 3);
	assert_answer(mount_point, 1, "SELECT sum(row_count) FROM chunk", "450000");
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
		cmocka_unit_test(rows_that_stay_may_come_with_those_of_an_open_slice),
		cmocka_unit_test(a_slice_is_never_split_between_segments),
		cmocka_unit_test(a_segment_ends_after_its_time),
		cmocka_unit_test(a_recording_is_not_written_over),
		cmocka_unit_test(appending_goes_on_with_number_and_name),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_one_line),
		cmocka_unit_test(segments_are_sealed_while_the_recording_goes_on),
		cmocka_unit_test(sealing_that_is_stopped_loses_nothing),
		cmocka_unit_test(nobody_else_can_read_a_recording),
		cmocka_unit_test(a_full_disk_is_counted_and_the_recording_goes_on),
		cmocka_unit_test(a_disk_that_stays_full_leaves_a_recording_that_says_so),
		cmocka_unit_test(a_disk_that_is_full_from_the_start_is_one_line),
		cmocka_unit_test(a_disk_too_full_for_sealing_does_not_stop_the_recording),
		cmocka_unit_test(
			a_disk_that_fills_up_during_the_last_seal_leaves_the_segment_live),
		cmocka_unit_test(a_segment_that_cannot_be_written_is_followed_by_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
