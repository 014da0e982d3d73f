/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of every stream go through a segment, live and sealed, and come back as they were:
 * generated ones of all kinds, and those of real segments where FLOWTAPE_SEGMENTS names some
 * (with blanks between).
 */
#include "schema/random_test.h"
#include "schema/scratch_test.h"
#include "schema/seal.h"
#include "schema/segment_writer.h"

static char *directory, *live_path, *sealed_path;
/* Rows of one stream as C structs, whatever the stream. */
struct table {
	enum stream_id id;
	char *rows;
	size_t row_size;
	uint32_t count;
	char **texts; /* that the rows point to */
	size_t text_count;
};

static size_t row_size(const struct stream *stream)
{
	size_t size = 0;

	for (unsigned int i = 0; i < stream->column_count; i++)
		if (stream->columns[i].offset + stream->columns[i].size > size)
			size = stream->columns[i].offset + stream->columns[i].size;
	return (size + 7) / 8 * 8;
}

static struct table table_new(enum stream_id id, uint32_t count)
{
	struct table table = {.id = id, .row_size = row_size(stream_get(id)), .count = count};

	table.rows = calloc(count ? count : 1, table.row_size);
	assert_non_null(table.rows);
	return table;
}

static void table_free(struct table *table)
{
	for (size_t i = 0; i < table->text_count; i++)
		free(table->texts[i]);
	free(table->texts);
	free(table->rows);
}

static void *member(const struct table *table, uint32_t row, const struct column *column)
{
	return table->rows + row * table->row_size + column->offset;
}

static void put_text(struct table *table, uint32_t row, const struct column *column,
		     const char *text)
{
	char *copy = strdup(text);

	/* Room for the next power of two: a sanitizer's realloc copies everything each time. */
	if (!(table->text_count & (table->text_count - 1)))
		table->texts = realloc(table->texts,
				       (table->text_count + 1) * 2 * sizeof(*table->texts));
	table->texts[table->text_count++] = copy;
	*(const char **)member(table, row, column) = copy;
}

/* --- through a segment --- */

static void write_rows(const struct table *table, uint32_t chunk_rows)
{
	const struct segment_identity identity = {"recording", 1, "test", 1000, 1};
	struct segment_writer *segment;

	unlink(live_path);
	unlink(sealed_path);
	assert_int_equal(segment_create(live_path, &identity, &segment), 0);
	for (uint32_t done = 0; done < table->count;) {
		struct batch *batch = batch_new(table->id);

		for (uint32_t i = 0; i < chunk_rows && done < table->count; i++, done++)
			assert_int_equal(
				batch_append(batch, table->rows + done * table->row_size), 0);
		assert_int_equal(segment_begin(segment), 0);
		assert_int_equal(segment_append(segment, batch, 0), 0);
		assert_int_equal(segment_commit(segment, 1), 0);
		batch_free(batch);
	}
	assert_int_equal(segment_finish(segment, 2), 0);
	segment_close(segment);
}

static void compare_text(struct segment_reader *segment, const struct table *table,
			 uint32_t row, const struct column *column, uint64_t code)
{
	const char *expected = *(const char **)member(table, row, column);
	size_t size;
	const char *text = code ? segment_text(segment, code, &size) : NULL;

	if (!expected != !text ||
	    (text && (strcmp(text, expected) || size != strlen(expected))))
		fail_msg("%s.%s row %u: '%s'; expected '%s'", stream_get(table->id)->name,
			 column->name, row, text ? text : "(none)",
			 expected ? expected : "(none)");
}

static void compare_column(struct segment_reader *segment, const struct table *table,
			   const struct chunk *chunk, uint32_t first, unsigned int i)
{
	const struct column *column = &stream_get(table->id)->columns[i];
	static struct address values[BATCH_ROWS];
	const uint64_t *integers = (const uint64_t *)values;

	if (segment_column(segment, table->id, chunk, i, values))
		fail_msg("%s", segment_problem(segment));
	for (uint32_t row = 0; row < chunk->row_count; row++) {
		const void *expected = member(table, first + row, column);
		int is_same;

		if (column->type == COLUMN_TEXT) {
			compare_text(segment, table, first + row, column, integers[row]);
			continue;
		}
		if (column->type == COLUMN_ADDRESS)
			is_same = !memcmp(&values[row], expected, sizeof(struct address));
		else /* little endian, and nothing above the member's own size */
			is_same = !memcmp(&integers[row], expected, column->size) &&
				  (column->size == 8 || !(integers[row] >> 8 * column->size));
		if (!is_same)
			fail_msg("%s.%s row %u of %u differs", stream_get(table->id)->name,
				 column->name, first + row, table->count);
	}
}

static void compare_rows(const char *path, const struct table *table)
{
	struct segment_reader *segment;
	struct chunk *chunks = NULL;
	char *problem = NULL;
	size_t count = 0;
	uint32_t done = 0;

	if (segment_open(path, &segment, &problem))
		fail_msg("%s", problem);
	assert_int_equal(segment_chunks(segment, table->id, NULL, 0, &chunks, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(chunks[i].row_count <= table->count - done);
		for (unsigned int j = 0; j < stream_get(table->id)->column_count; j++)
			compare_column(segment, table, &chunks[i], done, j);
		done += chunks[i].row_count;
	}
	assert_int_equal(done, table->count);
	free(chunks);
	segment_reader_close(segment);
}

static void check(const struct table *table, uint32_t chunk_rows)
{
	char digest[SEAL_DIGEST_SIZE], *problem = NULL;

	write_rows(table, chunk_rows);
	compare_rows(live_path, table);
	if (segment_seal(live_path, sealed_path, NULL, digest, &problem))
		fail_msg("%s", problem);
	compare_rows(sealed_path, table);
}

/* --- generated rows --- */

enum kind { ZEROS, MOST, SAME, DIFFERENT, FEW, RISING, FALLING, STEPS, MIXED, KINDS };

static uint64_t value(enum kind kind, uint32_t row)
{
	static const uint64_t edges[] = {0,	     1,	  UINT64_MAX, INT64_MAX, 1ULL << 63,
					 1ULL << 32, 255, 256,	      65535,	 65536};

	switch (kind) {
	case ZEROS:
		return 0;
	case MOST:
		return UINT64_MAX;
	case SAME:
		return 0x0123456789abcdefULL;
	case DIFFERENT:
		return random_word();
	case FEW:
		return 0x1111111111111111ULL * (random_word() % 5);
	case RISING:
		return 1700000000000000000ULL + row * 1000003ULL + random_word() % 1000;
	case FALLING:
		return UINT64_MAX - row * 77777ULL;
	case STEPS:
		return row / 100 * 4096;
	default:
		return edges[random_word() % (sizeof(edges) / sizeof(edges[0]))];
	}
}

static void generate_text(struct table *table, uint32_t row, const struct column *column,
			  enum kind kind)
{
	uint64_t number = value(kind, row) % 50000;
	char text[64];

	if (kind == ZEROS || (kind == MIXED && number % 3 == 0))
		return; /* none */
	snprintf(text, sizeof(text), "%llu \xc3\xa9\n", (unsigned long long)number);
	put_text(table, row, column, number % 7 ? text : "");
}

static void generate(struct table *table, enum kind kinds[64])
{
	const struct stream *stream = stream_get(table->id);

	for (uint32_t row = 0; row < table->count; row++)
		for (unsigned int i = 0; i < stream->column_count; i++) {
			const struct column *column = &stream->columns[i];
			uint64_t values[2] = {value(kinds[i], row), value(kinds[i], row)};

			if (column->type == COLUMN_TEXT)
				generate_text(table, row, column, kinds[i]);
			else
				memcpy(member(table, row, column), values, column->size);
		}
}

static void check_generated(uint32_t count, uint32_t chunk_rows, int kind)
{
	for (int id = 0; id < STREAM_COUNT; id++) {
		struct table table = table_new(id, count);
		enum kind kinds[64];

		for (unsigned int i = 0; i < 64; i++)
			kinds[i] =
				kind < 0 ? (enum kind)(random_word() % KINDS) : (enum kind)kind;
		generate(&table, kinds);
		check(&table, chunk_rows);
		table_free(&table);
	}
}

static void rows_of_each_kind_come_back(void **state)
{
	for (int kind = 0; kind < KINDS; kind++)
		check_generated(1000, 333, kind);
}

static void rows_of_mixed_kinds_come_back(void **state)
{
	for (int i = 0; i < 20; i++)
		check_generated(1 + random_word() % 3000, 1 + random_word() % 1500, -1);
}

static void one_row_comes_back(void **state)
{
	for (int kind = 0; kind < KINDS; kind++)
		check_generated(1, 1, kind);
}

static void a_full_chunk_comes_back(void **state)
{
	check_generated(BATCH_ROWS, BATCH_ROWS, -1);
}

static void chunks_that_are_cut_anew_come_back(void **state)
{
	check_generated(70000, 30000, MIXED);
}

/* --- rows of real segments --- */

static void take_column(struct segment_reader *segment, struct table *table,
			const struct chunk *chunk, unsigned int i)
{
	const struct column *column = &stream_get(table->id)->columns[i];
	static struct address values[BATCH_ROWS];
	const uint64_t *integers = (const uint64_t *)values;

	if (segment_column(segment, table->id, chunk, i, values))
		fail_msg("%s", segment_problem(segment));
	for (uint32_t row = 0; row < chunk->row_count; row++) {
		if (column->type == COLUMN_ADDRESS)
			memcpy(member(table, row, column), &values[row], sizeof(values[row]));
		else if (column->type != COLUMN_TEXT)
			memcpy(member(table, row, column), &integers[row], column->size);
		else if (integers[row])
			put_text(table, row, column,
				 segment_text(segment, integers[row], NULL));
	}
}

static uint64_t check_segment(const char *path)
{
	struct segment_reader *segment;
	char *problem = NULL;
	uint64_t rows = 0;

	if (segment_open(path, &segment, &problem))
		fail_msg("%s", problem);
	for (int id = 0; id < STREAM_COUNT; id++) {
		struct chunk *chunks = NULL;
		size_t count = 0;

		assert_int_equal(segment_chunks(segment, id, NULL, 0, &chunks, &count), 0);
		for (size_t i = 0; i < count; i++) {
			struct table table = table_new(id, chunks[i].row_count);

			for (unsigned int j = 0; j < stream_get(id)->column_count; j++)
				take_column(segment, &table, &chunks[i], j);
			check(&table, 1 + random_word() % BATCH_ROWS);
			rows += table.count;
			table_free(&table);
		}
		free(chunks);
	}
	segment_reader_close(segment);
	return rows;
}

static void rows_of_real_segments_come_back(void **state)
{
	char *list = strdup(getenv("FLOWTAPE_SEGMENTS"));
	uint64_t rows = 0;

	for (char *path = strtok(list, " \n"); path; path = strtok(NULL, " \n"))
		rows += check_segment(path);
	assert_true(rows > 0);
	print_message("# %llu real rows\n", (unsigned long long)rows);
	free(list);
}

static int setup(void **state)
{
	directory = scratch_make();
	return asprintf(&live_path, "%s/000001" SEGMENT_LIVE_SUFFIX, directory) < 0 ||
	       asprintf(&sealed_path, "%s/000001" SEGMENT_SUFFIX, directory) < 0;
}

static int teardown(void **state)
{
	free(live_path);
	free(sealed_path);
	scratch_remove(directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest generated[] = {
		cmocka_unit_test(rows_of_each_kind_come_back),
		cmocka_unit_test(rows_of_mixed_kinds_come_back),
		cmocka_unit_test(one_row_comes_back),
		cmocka_unit_test(a_full_chunk_comes_back),
		cmocka_unit_test(chunks_that_are_cut_anew_come_back),
	};
	const struct CMUnitTest real[] = {cmocka_unit_test(rows_of_real_segments_come_back)};

	if (getenv("FLOWTAPE_SEGMENTS"))
		return cmocka_run_group_tests(real, setup, teardown);
	return cmocka_run_group_tests(generated, setup, teardown);
}
