/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of segments: what was appended comes back, and what was torn, damaged or not committed
 * is told.
 */
#include "schema/segment_reader.h"
#include "schema/segment_writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/segment_test.XXXXXX";
static char path[64];

static struct segment_writer *create(void)
{
	const struct segment_identity identity = {"recording", 1, "test", 1000, 1};
	struct segment_writer *segment;

	assert_int_equal(segment_create(path, &identity, &segment), 0);
	return segment;
}

/* A process row with texts and a nat row with addresses, all told apart by i. */
static struct batch *process_batch(uint32_t count)
{
	struct batch *batch = batch_new(STREAM_PROCESS);
	char name[32];

	for (uint32_t i = 0; i < count; i++) {
		struct process_row row = {
			.time_ns = 1000000 + i,
			.event_action = i % 2 ? "exec" : "fork",
			.process_entity_id = 0x1234567890abcdefULL * i >> 1,
			.process_pid = 100 + i,
			.process_executable_name = i % 3 ? name : NULL,
		};

		snprintf(name, sizeof(name), "program-%u", i % 10);
		assert_int_equal(batch_append(batch, &row), 0);
	}
	return batch;
}

static struct batch *nat_batch(uint32_t count)
{
	struct batch *batch = batch_new(STREAM_NAT);

	for (uint32_t i = 0; i < count; i++) {
		struct nat_row row = {
			.time_ns = 5000 + i,
			.source_address = {{0, 0xffffULL << 16 | (uint64_t)i << 32}},
			.event_action = "create",
			.source_port = (uint16_t)i,
		};

		assert_int_equal(batch_append(batch, &row), 0);
	}
	return batch;
}

static void append(struct segment_writer *segment, struct batch *batch, uint64_t slice)
{
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_append(segment, batch, slice), 0);
	assert_int_equal(segment_commit(segment, 7000000), 0);
	batch_free(batch);
}

static struct segment_reader *reader(void)
{
	struct segment_reader *segment;
	char *why;

	if (segment_open(path, &segment, &why)) {
		print_error("%s\n", why);
		fail();
	}
	return segment;
}

static size_t count_chunks(struct segment_reader *segment, enum stream_id stream,
			   const struct bound *bounds, size_t bound_count)
{
	struct chunk *chunks;
	size_t count;

	assert_int_equal(segment_chunks(segment, stream, bounds, bound_count, &chunks, &count),
			 0);
	free(chunks);
	return count;
}

static void every_column_comes_back(void **state)
{
	struct segment_writer *writer = create();
	struct batch *kept = process_batch(5000), *same = process_batch(5000);
	struct segment_reader *segment;
	struct chunk *chunks;
	size_t count;
	union column_values values;

	append(writer, same, 0);
	assert_int_equal(segment_finish(writer, 8000000), 0);
	segment_close(writer);
	segment = reader();
	assert_true(segment_is_finished(segment));
	assert_int_equal(segment_chunks(segment, STREAM_PROCESS, NULL, 0, &chunks, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(chunks[0].row_count, 5000);
	values.memory = malloc(5000 * 16);
	for (unsigned int i = 0; i < kept->stream->column_count; i++) {
		assert_int_equal(segment_column(segment, STREAM_PROCESS, &chunks[0], i,
						values.memory),
				 0);
		for (uint32_t row = 0; row < 5000; row++) {
			uint64_t value = batch_integer(kept, i, row);

			if (kept->stream->columns[i].type != COLUMN_TEXT)
				assert_int_equal(values.integers[row], value);
			else if (!value)
				assert_int_equal(values.integers[row], 0);
			else
				assert_string_equal(
					segment_text(segment, values.integers[row], NULL),
					dictionary_text(kept->texts, (uint32_t)value, NULL));
		}
	}
	free(values.memory);
	free(chunks);
	batch_free(kept);
	segment_reader_close(segment);
}

static void a_finished_segment_is_one_private_file(void **state)
{
	struct segment_writer *writer = create();
	struct stat status;
	char beside[80];

	append(writer, nat_batch(10), 0);
	assert_int_equal(segment_finish(writer, 8000000), 0);
	segment_close(writer);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	snprintf(beside, sizeof(beside), "%s-wal", path);
	assert_int_equal(access(beside, F_OK), -1);
	snprintf(beside, sizeof(beside), "%s-shm", path);
	assert_int_equal(access(beside, F_OK), -1);
}

static void a_segment_is_read_while_it_is_written(void **state)
{
	struct segment_writer *writer = create();
	struct segment_reader *segment;

	append(writer, nat_batch(10), 0);
	segment = reader();
	assert_false(segment_is_finished(segment));
	assert_int_equal(segment_covered_ns(segment), 7000000);
	assert_int_equal(count_chunks(segment, STREAM_NAT, NULL, 0), 1);
	append(writer, nat_batch(10), 0);
	assert_int_equal(count_chunks(segment, STREAM_NAT, NULL, 0), 1);
	segment_reader_close(segment);
	segment = reader();
	assert_int_equal(count_chunks(segment, STREAM_NAT, NULL, 0), 2);
	/* Finishing while someone reads is no error either. */
	assert_int_equal(segment_finish(writer, 8000000), 0);
	segment_close(writer);
	segment_reader_close(segment);
	segment = reader();
	assert_true(segment_is_finished(segment));
	segment_reader_close(segment);
}

static void what_is_rolled_back_was_never_there(void **state)
{
	struct segment_writer *writer = create();
	struct batch *batch = process_batch(10);
	struct segment_reader *segment;
	uint64_t code = 0;

	assert_int_equal(segment_begin(writer), 0);
	assert_int_equal(segment_append(writer, batch, 0), 0);
	segment_rollback(writer);
	batch_free(batch);
	/* The strings of the lost batch must be stored when a later one uses them. */
	append(writer, process_batch(10), 0);
	segment = reader();
	assert_int_equal(count_chunks(segment, STREAM_PROCESS, NULL, 0), 1);
	assert_int_equal(segment_code(segment, "fork", 4, &code), 0);
	assert_string_equal(segment_text(segment, code, NULL), "fork");
	segment_reader_close(segment);
	segment_close(writer);
}

static void a_slice_written_anew_replaces_its_provisional_rows(void **state)
{
	struct segment_writer *writer = create();
	struct segment_reader *segment;

	append(writer, nat_batch(10), 3);
	append(writer, nat_batch(10), 4);
	assert_int_equal(segment_begin(writer), 0);
	assert_int_equal(segment_drop_slice(writer, 3), 0);
	assert_int_equal(segment_commit(writer, 0), 0);
	segment = reader();
	assert_int_equal(count_chunks(segment, STREAM_NAT, NULL, 0), 1);
	segment_reader_close(segment);
	segment_close(writer);
}

static void chunks_outside_the_bounds_are_not_opened(void **state)
{
	struct segment_writer *writer = create();
	struct segment_reader *segment;
	const struct stream *nat = stream_get(STREAM_NAT);
	struct bound port = {.column = (unsigned int)stream_column(nat, "source_port")};
	struct bound address = {.column = (unsigned int)stream_column(nat, "source_address")};
	struct bound zone = {.column = (unsigned int)stream_column(nat, "conntrack_zone")};

	append(writer, nat_batch(10), 0);
	append(writer, nat_batch(100), 0);
	segment = reader();
	port.low = port.high = 50;
	assert_int_equal(count_chunks(segment, STREAM_NAT, &port, 1), 1);
	port.low = port.high = 500;
	assert_int_equal(count_chunks(segment, STREAM_NAT, &port, 1), 0);
	port.low = port.high = 0;
	assert_int_equal(count_chunks(segment, STREAM_NAT, &port, 1), 2);
	address.address = (struct address){{0, 0xffffULL << 16 | 50ULL << 32}};
	assert_int_equal(count_chunks(segment, STREAM_NAT, &address, 1), 1);
	/* A column that is zero everywhere has no parts. */
	assert_int_equal(count_chunks(segment, STREAM_NAT, &zone, 1), 2);
	zone.low = zone.high = 9;
	assert_int_equal(count_chunks(segment, STREAM_NAT, &zone, 1), 0);
	segment_reader_close(segment);
	segment_close(writer);
}

static void finished_segment(void)
{
	struct segment_writer *writer = create();

	append(writer, process_batch(300), 0);
	assert_int_equal(segment_finish(writer, 8000000), 0);
	segment_close(writer);
}

static void edit(const char *sql)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static int read_all(void)
{
	struct segment_reader *segment = reader();
	const struct stream *stream = stream_get(STREAM_PROCESS);
	uint64_t values[300 * 2];
	struct chunk *chunks;
	size_t count;
	int error = 0;

	assert_int_equal(segment_chunks(segment, STREAM_PROCESS, NULL, 0, &chunks, &count), 0);
	for (unsigned int i = 0; i < stream->column_count && !error; i++)
		error = segment_column(segment, STREAM_PROCESS, &chunks[0], i, values);
	if (error)
		assert_non_null(strstr(segment_problem(segment), "chunk 1"));
	free(chunks);
	segment_reader_close(segment);
	return error;
}

static void a_changed_part_is_damage(void **state)
{
	finished_segment();
	assert_int_equal(read_all(), 0);
	edit("UPDATE part SET data = data || x'00' WHERE part_id = 2");
	assert_int_equal(read_all(), -EBADMSG);
}

static void a_missing_part_is_damage_not_zeros(void **state)
{
	finished_segment();
	edit("DELETE FROM part WHERE part_id = 2");
	assert_int_equal(read_all(), -EBADMSG);
}

static void a_changed_time_span_is_damage(void **state)
{
	finished_segment();
	edit("UPDATE chunk SET last_ns = last_ns + 1");
	assert_int_equal(read_all(), -EBADMSG);
}

static void refused(int expected, const char *words)
{
	struct segment_reader *segment;
	char *why;

	assert_int_equal(segment_open(path, &segment, &why), expected);
	assert_non_null(strstr(why, path));
	assert_non_null(strstr(why, words));
	free(why);
}

static void a_newer_major_version_is_refused_by_name(void **state)
{
	finished_segment();
	edit("UPDATE segment SET format_major = 99, format_minor = 7");
	refused(-EPROTONOSUPPORT, "99.7");
}

static void what_is_no_segment_is_refused(void **state)
{
	FILE *file;

	refused(-ENOENT, "No such file");
	edit("CREATE TABLE t(x)");
	refused(-EBADMSG, "expected a Flowtape segment");
	unlink(path);
	file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("not a database ", file);
	fclose(file);
	refused(-EBADMSG, "expected a Flowtape segment");
	file = fopen(path, "w");
	fclose(file);
	refused(-EBADMSG, "empty");
}

/* As an ordinary user, for whom the directory's mode counts. */
static void a_torn_segment_is_read_where_nothing_can_be_written(void **state)
{
	const uid_t nobody = 65534;
	struct segment_writer *writer = create();
	struct segment_reader *segment;
	char journal[80], index[80];

	append(writer, nat_batch(10), 0);
	snprintf(journal, sizeof(journal), "%s-wal", path);
	snprintf(index, sizeof(index), "%s-shm", path);
	assert_int_equal(unlink(index), 0);
	assert_int_equal(chmod(path, 0444) | chmod(journal, 0444) | chmod(directory, 0555), 0);
	if (!geteuid())
		assert_int_equal(seteuid(nobody), 0);
	segment = reader();
	assert_int_equal(access(index, F_OK), -1);
	assert_false(segment_is_finished(segment));
	assert_int_equal(count_chunks(segment, STREAM_NAT, NULL, 0), 1);
	segment_reader_close(segment);
	if (!getuid())
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(directory, 0700), 0);
	segment_close(writer);
}

static void unknown_streams_and_columns_are_skipped(void **state)
{
	finished_segment();
	edit("INSERT INTO stream_column VALUES(9000, 'process', 'mood', 'integer', 0, '', '');"
	     "INSERT INTO stream_column VALUES(9001, 'weather', 'rain', 'integer', 0, '', '');"
	     "INSERT INTO chunk VALUES(77, 'weather', NULL, 1, 1, 1, 0)");
	assert_int_equal(read_all(), 0);
}

static void an_existing_file_is_not_overwritten(void **state)
{
	const struct segment_identity identity = {"recording", 1, "test", 1000, 1};
	struct segment_writer *segment;

	finished_segment();
	assert_int_equal(segment_create(path, &identity, &segment), -EEXIST);
	assert_int_equal(read_all(), 0);
}

static int fresh(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char file[80];

	for (int i = 0; i < 3; i++) {
		snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
		unlink(file);
	}
	return 0;
}

static int setup(void **state)
{
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/000001%s", directory, SEGMENT_SUFFIX);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(directory);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_column_comes_back),
		CASE(a_finished_segment_is_one_private_file),
		CASE(a_segment_is_read_while_it_is_written),
		CASE(what_is_rolled_back_was_never_there),
		CASE(a_slice_written_anew_replaces_its_provisional_rows),
		CASE(chunks_outside_the_bounds_are_not_opened),
		CASE(a_changed_part_is_damage),
		CASE(a_missing_part_is_damage_not_zeros),
		CASE(a_changed_time_span_is_damage),
		CASE(a_newer_major_version_is_refused_by_name),
		CASE(what_is_no_segment_is_refused),
		CASE(a_torn_segment_is_read_where_nothing_can_be_written),
		CASE(unknown_streams_and_columns_are_skipped),
		CASE(an_existing_file_is_not_overwritten),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
