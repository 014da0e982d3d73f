/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that a question about little reads little: a recording of 200 sealed segments, one
 * address in one minute.
 */
#include "analyzer/command.h"
#include "analyzer/completeness.h"
#include "analyzer/sample_test.h"
#include "schema/seal.h"

#include <fcntl.h>
#include <sys/inotify.h>

#define SEGMENTS 200U
#define ROWS	 2600U /* a minute, and about 300 KB, in each segment */
#define NEEDLE	 137U  /* the segment that it is in */
#define PERCENT	 2

struct haystack {
	char *directory;
	uint64_t size_bytes; /* of all segments */
	char *sql;	     /* the needle's query */
};

/* xorshift64 of Marsaglia, 2003: the same rows in each run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static struct address random_address(uint64_t *state)
{
	return (struct address){{next_random(state), next_random(state)}};
}

static struct flow_row make_flow(uint32_t segment, uint32_t i, uint64_t *state)
{
	struct flow_row row = {
		.flow_id = next_random(state),
		.source_address = random_address(state),
		.destination_address = random_address(state),
		.source_nat_address = random_address(state),
		.source_port = (uint16_t)next_random(state),
		.destination_port = 443,
		.network_iana_number = 6,
		.network_transport = "tcp",
		.source_bytes = next_random(state) >> 2,
		.destination_bytes = next_random(state) >> 2,
		.source_packets = next_random(state) >> 2,
		.process_entity_id = next_random(state),
		.peer_process_entity_id = next_random(state),
		.process_executable_name = i % 2 ? "server" : "client",
		.connection_state = "SF",
	};

	row.start_ns = SAMPLE_BEGIN_NS + segment * 60 * SECOND_NS + i * 60 * SECOND_NS / ROWS;
	row.end_ns = row.start_ns + SECOND_NS / 2;
	return row;
}

static void put_plain(struct segment_writer *segment, uint32_t number)
{
	assert_int_equal(
		segment_put(segment, "INSERT INTO host(host_name) VALUES('needle')", ""), 0);
	for (int i = 0; i < 60; i++)
		assert_int_equal(segment_put(segment, "INSERT INTO clock VALUES(?, ?, ?)",
					     "iii", (int64_t)i, (int64_t)i, (int64_t)i),
				 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(
			segment_put(
				segment,
				"INSERT INTO interface VALUES(4026531840, 'host', ?, 'eth' || ?,"
				" 'veth', '02:00:00:00:00:01', 1, NULL)",
				"ii", (int64_t)i, (int64_t)i),
			0);
	for (int i = 0; i < 12; i++)
		assert_int_equal(
			segment_put(segment,
				    "INSERT INTO stage VALUES('stage-' || ?, 'flow', ?, ?, 0)",
				    "iii", (int64_t)i, (int64_t)number, (int64_t)number),
			0);
}

static void make_segment(struct haystack *haystack, uint32_t number, char *previous)
{
	struct segment_identity identity = {
		.recording_id = "needle",
		.sequence = number,
		.writer = "needle_test",
		.created_ns = SAMPLE_BEGIN_NS + number * 60 * SECOND_NS,
		.level = 1,
	};
	uint64_t state = number * 0x9e3779b97f4a7c15ULL;
	struct batch *batch = batch_new(STREAM_FLOW);
	struct segment_writer *segment;
	char *path = sample_path(haystack->directory, number), *live, *problem = NULL;
	struct stat status;

	assert_non_null(batch);
	assert_true(asprintf(&live, "%s/%06u" SEGMENT_LIVE_SUFFIX, haystack->directory,
			     number) > 0);
	assert_int_equal(segment_create(live, &identity, &segment), 0);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct flow_row row = make_flow(number, i, &state);
		char text[ADDRESS_TEXT_SIZE];

		if (number == NEEDLE && i == ROWS / 2) {
			address_format(&row.source_address, text);
			haystack->sql = sqlite3_mprintf(
				"SELECT source_port FROM flow WHERE source_address = %Q"
				" AND start_ns BETWEEN %lld AND %lld",
				text, (long long)row.start_ns - 30 * (long long)SECOND_NS,
				(long long)row.start_ns + 29 * (long long)SECOND_NS);
		}
		assert_int_equal(batch_append(batch, &row), 0);
	}
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_append(segment, batch, 0), 0);
	put_plain(segment, number);
	assert_int_equal(segment_commit(segment, identity.created_ns + 61 * SECOND_NS), 0);
	assert_int_equal(segment_finish(segment, identity.created_ns + 61 * SECOND_NS), 0);
	segment_close(segment);
	batch_free(batch);
	if (segment_seal(live, path, *previous ? previous : NULL, previous, &problem))
		fail_msg("%s", problem);
	assert_int_equal(stat(path, &status), 0);
	haystack->size_bytes += (uint64_t)status.st_size;
	free(live);
	free(path);
}

static int make_haystack(void **state)
{
	struct haystack *haystack = calloc(1, sizeof(*haystack));
	char previous[SEAL_DIGEST_SIZE] = "";
	struct sample sample;

	assert_non_null(haystack);
	haystack->directory = scratch_make();
	for (uint32_t i = 1; i <= SEGMENTS; i++)
		make_segment(haystack, i, previous);
	/* Once, so that the catalog is there. */
	sample = sample_open(haystack->directory);
	sample_close(&sample);
	*state = haystack;
	return 0;
}

static int remove_haystack(void **state)
{
	struct haystack *haystack = *state;

	scratch_remove(haystack->directory);
	sqlite3_free(haystack->sql);
	free(haystack);
	return 0;
}

/* The bytes that this process has read so far, by any system call. */
static uint64_t bytes_read(void)
{
	FILE *io = fopen("/proc/self/io", "r");
	unsigned long long bytes = 0;

	assert_non_null(io);
	assert_int_equal(fscanf(io, "rchar: %llu", &bytes), 1);
	fclose(io);
	return bytes;
}

/* What is opened in the directory from now on. */
static int watch(const char *directory)
{
	int watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	assert_true(watcher >= 0);
	assert_true(inotify_add_watch(watcher, directory, IN_OPEN) >= 0);
	return watcher;
}

/* How many times segments were opened; *catalog counts the catalog. */
static unsigned int count_opened(int watcher, unsigned int *catalog)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	unsigned int segments = 0;
	ssize_t size;

	*catalog = 0;
	while ((size = read(watcher, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + size;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			segments += event->len && strstr(event->name, SEGMENT_SUFFIX) != NULL;
			*catalog += event->len && !strcmp(event->name, CATALOG_NAME);
			at += sizeof(*event) + event->len;
		}
	}
	close(watcher);
	return segments;
}

static void a_needle_is_found_by_reading_next_to_nothing(void **state)
{
	struct haystack *haystack = *state;
	int watcher = watch(haystack->directory);
	uint64_t begin = bytes_read(), bytes;
	unsigned int segments, catalog;
	struct sample sample = sample_open(haystack->directory);
	char *rows = sample_rows(sample.database, haystack->sql), *line = NULL;

	assert_int_equal(completeness_line(sample.database, sample.recording, &line), COMPLETE);
	bytes = bytes_read() - begin;
	segments = count_opened(watcher, &catalog);
	sample_close(&sample);
	assert_true(*rows && !strchr(rows, '\n'));
	print_message("# %llu of %llu bytes read (%.2f %%), %u of %u segments opened\n",
		      (unsigned long long)bytes, (unsigned long long)haystack->size_bytes,
		      100.0 * (double)bytes / (double)haystack->size_bytes, segments, SEGMENTS);
	assert_true(haystack->size_bytes / SEGMENTS > 250000);
	assert_true(catalog >= 1);
	assert_in_range(segments, 1,
			4); /* a minute may touch two, and each is looked at twice */
	assert_true(bytes * 100 < haystack->size_bytes * PERCENT);
	free(rows);
	free(line);
}

static void info_opens_no_segment(void **state)
{
	struct haystack *haystack = *state;
	char *words[] = {"info", haystack->directory, NULL};
	int watcher = watch(haystack->directory), out, nothing;
	uint64_t begin = bytes_read(), bytes;
	unsigned int segments, catalog;
	int status;

	fflush(stdout);
	out = dup(STDOUT_FILENO);
	nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_true(out >= 0 && nothing >= 0);
	dup2(nothing, STDOUT_FILENO);
	status = info_command.run(&info_command, 2, words);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(nothing);
	bytes = bytes_read() - begin;
	segments = count_opened(watcher, &catalog);
	print_message("# %llu bytes read\n", (unsigned long long)bytes);
	assert_int_equal(status, COMMAND_WHOLE);
	assert_int_equal(segments, 0);
	assert_true(catalog >= 1);
	assert_true(bytes * 100 < haystack->size_bytes * PERCENT);
}

static void every_row_is_still_found(void **state)
{
	struct haystack *haystack = *state;
	struct sample sample = sample_open(haystack->directory);

	sample_expect(sample.database,
		      "SELECT count(*), count(DISTINCT segment), min(start_ns) FROM flow",
		      "520000|200|1700000060000000000");
	/* Texts outlive the segments that they are from. */
	sample_expect(sample.database,
		      "SELECT min(process_executable_name), max(process_executable_name),"
		      " max(network_transport) FROM flow",
		      "client|server|tcp");
	assert_int_equal(recording_open_count(sample.recording), RECORDING_OPEN);
	assert_false(recording_is_partial(sample.recording));
	sample_close(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_needle_is_found_by_reading_next_to_nothing),
		cmocka_unit_test(info_opens_no_segment),
		cmocka_unit_test(every_row_is_still_found),
	};

	return cmocka_run_group_tests(tests, make_haystack, remove_haystack);
}
