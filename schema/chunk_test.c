/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of chunks: every batch of every stream comes back as it was, references that hold and
 * references that break change nothing but the size, and no bytes crash the reader.
 */
#include "schema/chunk.h"
#include "schema/codec.h"
#include "schema/random_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#define MOST_COLUMNS 64U

/* A batch whose columns a test fills by itself, and its parts in memory of their exact size. */
struct trial {
	struct chunk_encoder *encoder;
	struct chunk_decoder *decoder;
	struct batch *batch;
	struct part_bytes parts[MOST_COLUMNS];
	int has_part[MOST_COLUMNS];
	size_t size;
	void *values;
};

static struct trial trial_new(enum stream_id stream, uint32_t row_count)
{
	struct trial trial = {
		.encoder = chunk_encoder_new(1),
		.decoder = chunk_decoder_new(),
		.batch = batch_new(stream),
		.values = malloc(BATCH_ROWS * sizeof(struct address)),
	};

	assert_true(trial.encoder && trial.decoder && trial.batch && trial.values);
	assert_true(trial.batch->stream->column_count <= MOST_COLUMNS);
	trial.batch->row_count = trial.batch->capacity = row_count;
	return trial;
}

static void forget_parts(struct trial *trial)
{
	for (unsigned int i = 0; i < MOST_COLUMNS; i++) {
		free((void *)trial->parts[i].entries);
		free((void *)trial->parts[i].data);
		trial->parts[i] = (struct part_bytes){0};
		trial->has_part[i] = 0;
	}
}

static void trial_free(struct trial *trial)
{
	forget_parts(trial);
	chunk_encoder_free(trial->encoder);
	chunk_decoder_free(trial->decoder);
	batch_free(trial->batch);
	free(trial->values);
}

static size_t value_size(const struct trial *trial, unsigned int column)
{
	return trial->batch->stream->columns[column].type == COLUMN_ADDRESS ? 16 : 8;
}

/* The memory of a column, which is zero at first. */
static void *column_memory(struct trial *trial, unsigned int column)
{
	union column_values *values = &trial->batch->columns[column];

	if (!values->memory)
		values->memory = calloc(trial->batch->row_count, value_size(trial, column));
	assert_non_null(values->memory);
	return values->memory;
}

static unsigned int column_named(const struct trial *trial, const char *name)
{
	int column = stream_column(trial->batch->stream, name);

	assert_true(column >= 0);
	return (unsigned int)column;
}

static uint64_t *integers(struct trial *trial, const char *name)
{
	return column_memory(trial, column_named(trial, name));
}

static uint8_t *copy(const uint8_t *bytes, size_t size)
{
	uint8_t *made = size ? malloc(size) : NULL;

	if (size) {
		assert_non_null(made);
		memcpy(made, bytes, size);
	}
	return made;
}

static void encode(struct trial *trial)
{
	const struct part *parts;
	size_t count;

	forget_parts(trial);
	trial->size = 0;
	assert_int_equal(chunk_encode(trial->encoder, trial->batch, &parts, &count), 0);
	for (size_t i = 0; i < count; i++) {
		const struct part *part = &parts[i];

		assert_true(part->column < trial->batch->stream->column_count);
		assert_false(trial->has_part[part->column]);
		trial->has_part[part->column] = 1;
		trial->parts[part->column] =
			(struct part_bytes){copy(part->entries, part->entries_size),
					    part->entries_size,
					    copy(part->data, part->data_size), part->data_size};
		trial->size += part->entries_size + part->data_size;
	}
}

static int fetch(void *context, unsigned int column, struct part_bytes *out)
{
	const struct trial *trial = context;

	if (column >= MOST_COLUMNS || !trial->has_part[column])
		return -ENODATA;
	*out = trial->parts[column];
	return 0;
}

static int decode(struct trial *trial, unsigned int column)
{
	return chunk_decode(trial->decoder, trial->batch->row_count, column,
			    value_size(trial, column), fetch, trial, trial->values);
}

static void check_entries(struct trial *trial, unsigned int column, const uint8_t *values)
{
	const struct part_bytes *part = &trial->parts[column];
	size_t size = value_size(trial, column);
	uint64_t absent[2] = {0x5851f42d4c957f2dULL, 0x14057b7ef767814fULL};

	for (unsigned int i = 0; i < 20; i++) {
		uint32_t row = (uint32_t)(random_word() % trial->batch->row_count);

		assert_int_equal(entries_hold(trial->decoder, part->entries, part->entries_size,
					      size, values + row * size),
				 1);
	}
	assert_int_equal(entries_hold(trial->decoder, part->entries, part->entries_size, size,
				      absent),
			 0);
}

/* Encode and compare every column. */
static void come_back(struct trial *trial)
{
	encode(trial);
	for (unsigned int i = 0; i < trial->batch->stream->column_count; i++) {
		size_t bytes = value_size(trial, i) * trial->batch->row_count;
		const uint8_t *values = trial->batch->columns[i].memory;
		size_t any = 0;

		assert_int_equal(decode(trial, i), 0);
		while (values && any < bytes && !values[any])
			any++;
		assert_int_equal(trial->has_part[i], values && any < bytes);
		if (values)
			assert_memory_equal(values, trial->values, bytes);
		if (trial->has_part[i] && trial->parts[i].entries_size)
			check_entries(trial, i, values);
	}
}

/* --- columns by chance --- */

static const uint32_t counts[] = {1, 2, 5, 100, 3000, 65535, 65536};

static uint64_t shaped(unsigned int shape, uint32_t row, uint64_t last, uint64_t seed)
{
	switch (shape) {
	case 0:
		return seed;
	case 1:
		return row ? UINT64_MAX : 0;
	case 2:
		return row & 1 ? (uint64_t)INT64_MIN : INT64_MAX;
	case 3:
		return last + random_word() % 1000000;
	case 4:
		return random_word();
	case 5:
		return random_word() % 5 * seed;
	case 6:
		return random_word() % 65536;
	case 7:
		return random_word() % (1 + random_word() % 3000);
	case 8:
		return random_word() % 4 ? last : random_word() % 100;
	case 9:
		return row;
	case 10:
		return UINT64_MAX - row;
	default:
		return random_word() >> random_word() % 64;
	}
}
#define SHAPES 12U

/* Values of an earlier column, a function of them, or a function but for some rows. */
static uint64_t related(unsigned int shape, uint64_t value)
{
	switch (shape) {
	case 0:
		return value;
	case 1:
		return value + random_word() % 100;
	case 2:
		return value * 0x9e3779b97f4a7c15ULL >> 60;
	case 3:
		return random_word() % 500 ? value * 0x9e3779b97f4a7c15ULL >> 50
					   : random_word();
	default:
		return (value * 0x9e3779b97f4a7c15ULL >> 40) + random_word() % 4;
	}
}
#define RELATIONS 5U

static void fill_by_chance(struct trial *trial, unsigned int column)
{
	const struct column *description = &trial->batch->stream->columns[column];
	uint32_t count = trial->batch->row_count;
	unsigned int words = (unsigned int)value_size(trial, column) / 8;
	unsigned int shape = random_word() % (SHAPES + RELATIONS), reference_words = 1;
	uint64_t *values, seed = random_word() >> random_word() % 64;
	const uint64_t *reference = NULL;

	if (!(random_word() % 6))
		return;
	if (description->references[0]) {
		unsigned int from =
			column_named(trial, description->references[random_word() % 3]
						    ?: description->references[0]);

		reference = trial->batch->columns[from].memory;
		reference_words = (unsigned int)value_size(trial, from) / 8;
	}
	values = column_memory(trial, column);
	for (uint32_t row = 0; row < count; row++)
		for (unsigned int word = 0; word < words; word++) {
			uint64_t *value = &values[row * words + word];

			if (shape >= SHAPES && reference)
				*value = related(shape - SHAPES,
						 reference[row * reference_words]);
			else
				*value = shaped(shape % SHAPES, row,
						row ? value[-(int)words] : 0, seed);
		}
	/* A rule that breaks only at the end. */
	if (!(random_word() % 4))
		values[count * words - 1]++;
}

static void batches_of_every_stream_come_back(void **state)
{
	random_begin(46);
	for (unsigned int turn = 0; turn < 12 * STREAM_COUNT; turn++) {
		size_t kind = turn / STREAM_COUNT % (sizeof(counts) / sizeof(counts[0]));
		struct trial trial = trial_new(turn % STREAM_COUNT, counts[kind]);

		for (unsigned int i = 0; i < trial.batch->stream->column_count; i++)
			fill_by_chance(&trial, i);
		come_back(&trial);
		trial_free(&trial);
	}
}

static void small_batches_come_back(void **state)
{
	random_begin(47);
	for (unsigned int turn = 0; turn < 300; turn++) {
		struct trial trial =
			trial_new(turn % STREAM_COUNT, 1 + (uint32_t)(random_word() % 400));

		for (unsigned int i = 0; i < trial.batch->stream->column_count; i++)
			fill_by_chance(&trial, i);
		come_back(&trial);
		trial_free(&trial);
	}
}

/* --- what references are for --- */

static void the_zone_map_spans_the_values(void **state)
{
	struct trial trial = trial_new(STREAM_FLOW, 3);
	const uint64_t values[] = {5, (uint64_t)-3, 900};
	const struct address addresses[] = {{{1, 2}}, {{0x0100000000000000ULL, 0}}, {{2, 0}}};
	const struct part *parts;
	size_t count;

	memcpy(integers(&trial, "source_bytes"), values, sizeof(values));
	memcpy(integers(&trial, "source_address"), addresses, sizeof(addresses));
	assert_int_equal(chunk_encode(trial.encoder, trial.batch, &parts, &count), 0);
	assert_int_equal(count, 2);
	/* Bytewise, the word 0x0100000000000000 of a little-endian machine is the lowest. */
	assert_memory_equal(&parts[0].lowest, &addresses[1], 16);
	assert_memory_equal(&parts[0].highest, &addresses[2], 16);
	assert_true(parts[1].minimum == -3 && parts[1].maximum == 900);
	trial_free(&trial);
}

static void a_column_of_zeros_has_no_part(void **state)
{
	struct trial trial = trial_new(STREAM_HOP, 1000);

	integers(&trial, "source_bytes");
	encode(&trial);
	assert_int_equal(trial.size, 0);
	come_back(&trial);
	trial_free(&trial);
}

/* 20,000 processes by 1,000 addresses and 20 ports; returns the size of pid and name. */
static size_t process_columns(struct trial *trial, int broken)
{
	uint32_t count = trial->batch->row_count;
	struct address *source = column_memory(trial, column_named(trial, "source_address"));
	uint64_t *port = integers(trial, "destination_port");
	uint64_t *id = integers(trial, "process_entity_id");
	uint64_t *pid = integers(trial, "process_pid");
	uint64_t *name = integers(trial, "process_executable_name");
	size_t size = 0;

	random_begin(48);
	for (uint32_t row = 0; row < count; row++) {
		uint64_t client = random_word() % 1000, service = random_word() % 20;

		source[row] = (struct address){{0, client * 0x100000001ULL}};
		port[row] = service * 37;
		id[row] = (client * 100 + service) * 0x9e3779b97f4a7c15ULL;
		pid[row] = (client * 100 + service) * 0x9e3779b97f4a7c15ULL >> 42;
		name[row] = service;
	}
	if (broken) {
		id[count - 1]++;
		pid[count - 1]++;
		name[count - 1]++;
	}
	come_back(trial);
	for (unsigned int i = column_named(trial, "process_pid");
	     i <= column_named(trial, "process_executable_name"); i++)
		size += trial->parts[i].entries_size + trial->parts[i].data_size;
	return size;
}

static void what_follows_but_for_exceptions_is_stored_once_for_each_value(void **state)
{
	struct trial trial = trial_new(STREAM_FLOW, 65536);

	size_t size = process_columns(&trial, 0);

	assert_true(size < 65536);
	assert_true(process_columns(&trial, 1) < size + 100);
	trial_free(&trial);
}

static void a_duration_is_stored_instead_of_an_end(void **state)
{
	struct trial trial = trial_new(STREAM_FLOW, 65536);
	uint64_t *start = integers(&trial, "start_ns"), *end = integers(&trial, "end_ns");
	unsigned int column = column_named(&trial, "end_ns");

	random_begin(49);
	for (uint32_t row = 0; row < 65536; row++) {
		start[row] = 1700000000000000000ULL + (random_word() >> 20);
		end[row] = start[row] + random_word() % 256;
	}
	come_back(&trial);
	assert_true(trial.parts[column].data_size < 65536 + 100);
	trial_free(&trial);
}

/* --- damage --- */

static void damaged_parts_are_an_error_or_values_but_never_a_crash(void **state)
{
	random_begin(50);
	for (unsigned int turn = 0; turn < 6 * STREAM_COUNT; turn++) {
		struct trial trial = trial_new(turn % STREAM_COUNT, turn % 2 ? 700 : 40);
		unsigned int column_count = trial.batch->stream->column_count;

		for (unsigned int i = 0; i < column_count; i++)
			fill_by_chance(&trial, i);
		encode(&trial);
		for (unsigned int i = 0; i < 60 * column_count; i++) {
			unsigned int column = i % column_count;
			struct part_bytes *part = &trial.parts[column], whole = *part;
			uint8_t *bytes = (uint8_t *)(random_word() % 4 || !part->entries_size
							     ? part->data
							     : part->entries);
			size_t size =
				bytes == part->data ? part->data_size : part->entries_size;
			size_t at;
			uint8_t kept;

			if (!size)
				continue;
			at = random_word() % (random_word() % 2 && size > 30 ? 30 : size);
			kept = bytes[at];
			bytes[at] = (uint8_t)random_word();
			/* Whoever refers to it may be hurt as well. */
			for (unsigned int other = column; other < column_count; other++)
				if (other == column || trial.has_part[other])
					decode(&trial, other);
			bytes[at] = kept;
			part->data = copy(whole.data, at % whole.data_size);
			part->data_size = at % whole.data_size;
			assert_int_equal(decode(&trial, column), -EBADMSG);
			free((void *)part->data);
			*part = whole;
		}
		trial_free(&trial);
	}
}

static int fetch_itself(void *context, unsigned int column, struct part_bytes *out)
{
	*out = *(const struct part_bytes *)context;
	return 0;
}

static void references_go_to_earlier_columns_and_not_too_far(void **state)
{
	struct chunk_decoder *decoder = chunk_decoder_new();
	/* grouped by column 3, and a block that is the constant 0 */
	static const uint8_t forward[] = {REFERENCE_GROUPED, 3, 0, 0};
	static const uint8_t back[] = {REFERENCE_GROUPED, 0, 0, 0};
	struct part_bytes part = {NULL, 0, forward, sizeof(forward)};
	struct trial trial = {.decoder = decoder};
	uint64_t values[10];

	assert_int_equal(chunk_decode(decoder, 10, 3, 8, fetch_itself, &part, values),
			 -EBADMSG);
	for (unsigned int i = 0; i < 6; i++) {
		uint8_t *bytes = copy(back, sizeof(back));

		bytes[0] = i ? REFERENCE_GROUPED : REFERENCE_NONE;
		bytes[1] = (uint8_t)(i ? i - 1 : 0);
		trial.parts[i] = (struct part_bytes){NULL, 0, bytes, i ? 4 : 3};
		trial.has_part[i] = 1;
	}
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(chunk_decode(decoder, 10, i, 8, fetch, &trial, values),
				 i <= MOST_DEPTH ? 0 : -EBADMSG);
	forget_parts(&trial);
	chunk_decoder_free(decoder);
}

/* --- seeds of the fuzzers --- */

static void put16(FILE *file, size_t number)
{
	assert_true(number < 65536);
	fputc((int)(number & 0xff), file);
	fputc((int)(number >> 8), file);
}

static FILE *seed_file(const char *directory, const char *fuzzer, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", directory, fuzzer, name);
	file = fopen(path, "wb");
	if (!file)
		perror(path);
	return file;
}

static void write_part(const struct part_bytes *part, FILE *file)
{
	fwrite(part->entries, 1, part->entries_size, file);
	fwrite(part->data, 1, part->data_size, file);
}

/* A chunk as a seed, and where asked for its parts that refer to no other, as one each. */
static int write_seeds_of(struct trial *trial, const char *directory, const char *name,
			  int each_part)
{
	unsigned int column_count = trial->batch->stream->column_count;
	FILE *file = seed_file(directory, "chunk", name);

	if (!file)
		return 1;
	encode(trial);
	put16(file, trial->batch->row_count - 1);
	for (unsigned int i = 0; i < column_count; i++) {
		put16(file, trial->parts[i].entries_size);
		put16(file, trial->parts[i].data_size);
		write_part(&trial->parts[i], file);
	}
	fclose(file);
	for (unsigned int i = 0; i < column_count && each_part; i++) {
		const struct part_bytes *part = &trial->parts[i];
		char column_name[200];

		if (!trial->has_part[i] || part->data[0] & 3)
			continue;
		snprintf(column_name, sizeof(column_name), "%s_%s", name,
			 trial->batch->stream->columns[i].name);
		file = seed_file(directory, "column", column_name);
		if (!file)
			return 1;
		put16(file, trial->batch->row_count - 1);
		fputc((int)value_size(trial, i), file);
		put16(file, part->entries_size);
		write_part(part, file);
		fclose(file);
	}
	return 0;
}

/* Rows as traffic has them: few clients, each with its services and processes. */
static void fill_with_traffic(struct trial *trial)
{
	struct address *source = column_memory(trial, column_named(trial, "source_address"));
	struct address *destination =
		column_memory(trial, column_named(trial, "destination_address"));
	static const uint16_t ports[] = {443, 53, 22, 0, 8080};
	static const uint8_t protocols[] = {6, 17, 6, 1, 6};

	for (uint32_t row = 0; row < trial->batch->row_count; row++) {
		uint64_t client = random_word() % 9, service = random_word() % 5;
		uint64_t packets = 1 + random_word() % (1 + random_word() % 40);
		uint64_t process = (client * 5 + service) * 0x9e3779b97f4a7c15ULL;

		integers(trial, "start_ns")[row] =
			(row ? integers(trial, "start_ns")[row - 1] : 1700000000000000000ULL) +
			random_word() % 4000000;
		integers(trial, "end_ns")[row] = integers(trial, "start_ns")[row] +
						 (random_word() >> (34 + random_word() % 20));
		source[row] = address_from_numbers(0, 0xffff0a000001ULL + client);
		destination[row] = address_from_numbers(0x20010db800000000ULL, service * 7 + 1);
		integers(trial, "source_port")[row] = 32768 + random_word() % 28232;
		integers(trial, "destination_port")[row] = ports[service];
		integers(trial, "network_iana_number")[row] = protocols[service];
		integers(trial, "network_transport")[row] = 1 + service % 3;
		integers(trial, "source_packets")[row] = packets;
		integers(trial, "source_bytes")[row] = packets * 60 + random_word() % packets;
		integers(trial, "source_tcp_flags")[row] =
			protocols[service] == 6 ? packets > 3 ? 0x1b : 0x02 : 0;
		integers(trial, "process_entity_id")[row] = process;
		integers(trial, "process_pid")[row] = process >> 49;
		integers(trial, "process_executable_name")[row] = 4 + service;
		integers(trial, "container_id")[row] = 10 + client / 2 + (row % 290 == 289);
	}
}

static int write_seeds(const char *directory)
{
	static const uint32_t sizes[] = {1, 40, 600};
	int failed = 0;

	random_begin(51);
	for (unsigned int i = 0; i < 3; i++) {
		struct trial trial = trial_new(STREAM_FLOW, sizes[i]);
		char name[32];

		snprintf(name, sizeof(name), "traffic_%u", sizes[i]);
		fill_with_traffic(&trial);
		failed |= write_seeds_of(&trial, directory, name, sizes[i] > 100);
		trial_free(&trial);
	}
	for (unsigned int stream = 0; stream < STREAM_COUNT; stream++) {
		struct trial trial = trial_new(stream, 50);

		for (unsigned int i = 0; i < trial.batch->stream->column_count; i++)
			fill_by_chance(&trial, i);
		failed |= write_seeds_of(&trial, directory, trial.batch->stream->name,
					 stream == STREAM_PROCESS);
		trial_free(&trial);
	}
	return failed;
}

/* With FLOWTAPE_SEEDS=testdata/seeds the seeds of schema/{column,chunk}_fuzz.c are made anew.
 */
int main(void)
{
	const char *seeds = getenv("FLOWTAPE_SEEDS");

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_of_every_stream_come_back),
		cmocka_unit_test(small_batches_come_back),
		cmocka_unit_test(the_zone_map_spans_the_values),
		cmocka_unit_test(a_column_of_zeros_has_no_part),
		cmocka_unit_test(what_follows_but_for_exceptions_is_stored_once_for_each_value),
		cmocka_unit_test(a_duration_is_stored_instead_of_an_end),
		cmocka_unit_test(damaged_parts_are_an_error_or_values_but_never_a_crash),
		cmocka_unit_test(references_go_to_earlier_columns_and_not_too_far),
	};

	if (seeds)
		return write_seeds(seeds);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
