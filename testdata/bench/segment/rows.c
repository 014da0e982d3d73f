/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the flow stream in memory, walked by the stream's description; and those that
 * segments hold.
 */
#include "testdata/bench/segment/rows.h"
#include "schema/segment_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rows *rows_new(size_t count)
{
	struct rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	rows->stream = stream_get(STREAM_FLOW);
	rows->count = count;
	rows->rows = calloc(count ? count : 1, sizeof(*rows->rows));
	if (!rows->rows) {
		free(rows);
		return NULL;
	}
	return rows;
}

void rows_free(struct rows *rows)
{
	if (!rows)
		return;
	for (size_t i = 0; i < rows->text_count; i++)
		free(rows->texts[i]);
	free(rows->texts);
	free(rows->rows);
	free(rows);
}

const char *rows_text(struct rows *rows, const char *text, size_t size)
{
	char **more = realloc(rows->texts, (rows->text_count + 1) * sizeof(*more));
	char *copy = more ? strndup(text, size) : NULL;

	if (more)
		rows->texts = more;
	if (copy)
		rows->texts[rows->text_count++] = copy;
	return copy;
}

const struct column *rows_column(const struct rows *rows, unsigned int i)
{
	return &rows->stream->columns[rows->columns[i]];
}

static const void *member(const struct flow_row *row, const struct column *column)
{
	return (const char *)row + column->offset;
}

uint64_t row_integer(const struct flow_row *row, const struct column *column)
{
	switch (column->size) {
	case 8:
		return *(const uint64_t *)member(row, column);
	case 4:
		return *(const uint32_t *)member(row, column);
	case 2:
		return *(const uint16_t *)member(row, column);
	default:
		return *(const uint8_t *)member(row, column);
	}
}

const struct address *row_address(const struct flow_row *row, const struct column *column)
{
	return member(row, column);
}

const char *row_text(const struct flow_row *row, const struct column *column)
{
	return *(const char *const *)member(row, column);
}

void address_text(const struct address *address, char text[INET6_ADDRSTRLEN])
{
	const uint8_t *bytes = (const uint8_t *)address;
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};

	if (!memcmp(bytes, mapped, sizeof(mapped)))
		inet_ntop(AF_INET, bytes + sizeof(mapped), text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, bytes, text, INET6_ADDRSTRLEN);
}

static int is_filled(const struct flow_row *row, const struct column *column)
{
	const struct address *address = row_address(row, column);

	if (column->type == COLUMN_TEXT)
		return row_text(row, column) != NULL;
	if (column->type == COLUMN_ADDRESS)
		return (address->half[0] | address->half[1]) != 0;
	return row_integer(row, column) != 0;
}

void rows_find_columns(struct rows *rows)
{
	for (unsigned int i = 0; i < rows->stream->column_count; i++) {
		size_t row = 0;

		while (row < rows->count &&
		       !is_filled(&rows->rows[row], &rows->stream->columns[i]))
			row++;
		if (row < rows->count && rows->column_count < COLUMNS_MOST)
			rows->columns[rows->column_count++] = i;
	}
}

uint64_t rows_digest(const struct rows *rows)
{
	XXH3_state_t *state = XXH3_createState();
	uint64_t digest;

	if (!state)
		abort();
	XXH3_64bits_reset(state);
	for (unsigned int i = 0; i < rows->column_count; i++) {
		const struct column *column = rows_column(rows, i);

		for (size_t at = 0; at < rows->count; at++) {
			const struct flow_row *row = &rows->rows[at];
			uint64_t value;

			if (column->type == COLUMN_ADDRESS) {
				XXH3_64bits_update(state, row_address(row, column), 16);
			} else if (column->type == COLUMN_TEXT) {
				const char *text = row_text(row, column);

				XXH3_64bits_update(state, text ? text : "",
						   text ? strlen(text) + 1 : 1);
			} else {
				value = row_integer(row, column);
				XXH3_64bits_update(state, &value, sizeof(value));
			}
		}
	}
	digest = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return digest;
}

/* --- rows of segments --- */

static void put_integer(struct flow_row *row, const struct column *column, uint64_t value)
{
	char *at = (char *)row + column->offset;

	switch (column->size) {
	case 8:
		*(uint64_t *)at = value;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)value;
		break;
	case 2:
		*(uint16_t *)at = (uint16_t)value;
		break;
	default:
		*(uint8_t *)at = (uint8_t)value;
	}
}

/* The row set's own copy of a text, made at its first use; known is by code. */
static const char *text_of(struct rows *rows, struct segment_reader *segment, uint64_t code,
			   const char **known, size_t known_count)
{
	size_t size;
	const char *text;

	if (code < known_count && known[code])
		return known[code];
	text = segment_text(segment, code, &size);
	text = text ? rows_text(rows, text, size) : NULL;
	if (code < known_count)
		known[code] = text;
	return text;
}

static int read_chunk(struct rows *rows, struct segment_reader *segment,
		      const struct chunk *chunk, struct flow_row *to, const char **known)
{
	union column_values values = {.memory = malloc(BATCH_ROWS * sizeof(struct address))};
	int error = 0;

	if (!values.memory)
		return -1;
	for (unsigned int i = 0; i < rows->stream->column_count && !error; i++) {
		const struct column *column = &rows->stream->columns[i];

		error = segment_column(segment, STREAM_FLOW, chunk, i, values.memory);
		for (uint32_t row = 0; row < chunk->row_count && !error; row++) {
			char *at = (char *)&to[row] + column->offset;

			if (column->type == COLUMN_ADDRESS) {
				*(struct address *)at = values.addresses[row];
			} else if (column->type == COLUMN_TEXT) {
				if (!values.integers[row])
					continue;
				*(const char **)at = text_of(
					rows, segment, values.integers[row], known, BATCH_ROWS);
				error = *(const char **)at ? 0 : -1;
			} else {
				put_integer(&to[row], column, values.integers[row]);
			}
		}
	}
	free(values.memory);
	return error;
}

static int read_segment(struct rows *rows, const char *path)
{
	static const char *known[BATCH_ROWS];
	struct segment_reader *segment;
	struct chunk *chunks = NULL;
	struct flow_row *more;
	size_t count = 0;
	char *problem;
	int error = segment_open(path, &segment, &problem);

	if (error) {
		fprintf(stderr, "segment: %s\n", problem ? problem : path);
		free(problem);
		return error;
	}
	memset(known, 0, sizeof(known));
	error = segment_chunks(segment, STREAM_FLOW, NULL, 0, &chunks, &count);
	for (size_t i = 0; i < count && !error; i++) {
		size_t size = rows->count + chunks[i].row_count;

		more = realloc(rows->rows, size * sizeof(*more));
		if (!more) {
			error = -1;
			break;
		}
		rows->rows = more;
		memset(more + rows->count, 0, chunks[i].row_count * sizeof(*more));
		error = read_chunk(rows, segment, &chunks[i], more + rows->count, known);
		rows->count = size;
	}
	if (error)
		fprintf(stderr, "segment: %s: %s\n", path, segment_problem(segment));
	free(chunks);
	segment_reader_close(segment);
	return error;
}

struct rows *rows_read(char **paths, int count)
{
	struct rows *rows = rows_new(0);
	int error = rows ? 0 : -1;

	for (int i = 0; i < count && !error; i++)
		error = read_segment(rows, paths[i]);
	if (!error && !rows->count)
		fprintf(stderr, "segment: %s: no flows\n", paths[0]);
	if (error || !rows->count) {
		rows_free(rows);
		return NULL;
	}
	rows_find_columns(rows);
	return rows;
}
