/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch: rows of one stream, turned into columns by walking the stream's description.
 */
#include "schema/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROWS 256U

static size_t value_size(const struct column *column)
{
	return column->type == COLUMN_ADDRESS ? sizeof(struct address) : sizeof(uint64_t);
}

struct batch *batch_new(enum stream_id stream)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->stream = stream_get(stream);
	batch->columns = calloc(batch->stream->column_count, sizeof(*batch->columns));
	batch->texts = dictionary_new();
	if (!batch->columns || !batch->texts) {
		batch_free(batch);
		return NULL;
	}
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	for (unsigned int i = 0; batch->columns && i < batch->stream->column_count; i++)
		free(batch->columns[i].memory);
	free(batch->columns);
	dictionary_free(batch->texts);
	free(batch);
}

void batch_clear(struct batch *batch)
{
	batch->row_count = 0;
	batch->is_coded = 0;
	dictionary_clear(batch->texts);
}

static int grow(struct batch *batch)
{
	uint32_t capacity = batch->capacity ? batch->capacity * 4 : FIRST_ROWS;

	if (capacity > BATCH_ROWS)
		capacity = BATCH_ROWS;
	for (unsigned int i = 0; i < batch->stream->column_count; i++) {
		void *memory;

		if (!batch->columns[i].memory)
			continue;
		memory = realloc(batch->columns[i].memory,
				 capacity * value_size(&batch->stream->columns[i]));
		if (!memory)
			return -ENOMEM;
		batch->columns[i].memory = memory;
	}
	batch->capacity = capacity;
	return 0;
}

/* The first value of a column that is not zero: the rows before it were. */
static int begin_column(struct batch *batch, unsigned int column)
{
	batch->columns[column].memory =
		calloc(batch->capacity, value_size(&batch->stream->columns[column]));
	return batch->columns[column].memory ? 0 : -ENOMEM;
}

/* The code of a text; most texts repeat the row before, which saves the look-up. */
static int text_code(struct batch *batch, unsigned int column, const char *text, uint64_t *code)
{
	const uint64_t *codes = batch->columns[column].integers;
	uint64_t last = codes && batch->row_count ? codes[batch->row_count - 1] : 0;
	const char *last_text = dictionary_text(batch->texts, (uint32_t)last, NULL);

	if (!text)
		*code = 0;
	else if (last_text && !strcmp(text, last_text))
		*code = last;
	else
		*code = dictionary_intern(batch->texts, text, strlen(text));
	return text && !*code ? -ENOMEM : 0;
}

static int append_address(struct batch *batch, unsigned int column, const struct address *value)
{
	struct address **addresses = &batch->columns[column].addresses;

	if (!*addresses) {
		if (!(value->half[0] | value->half[1]))
			return 0;
		if (begin_column(batch, column))
			return -ENOMEM;
	}
	(*addresses)[batch->row_count] = *value;
	return 0;
}

static int append_integer(struct batch *batch, unsigned int column, uint64_t value)
{
	uint64_t **integers = &batch->columns[column].integers;

	if (!*integers) {
		if (!value)
			return 0;
		if (begin_column(batch, column))
			return -ENOMEM;
	}
	(*integers)[batch->row_count] = value;
	return 0;
}

int batch_append(struct batch *batch, const void *row)
{
	const struct stream *stream = batch->stream;
	int error = 0;

	if (batch->row_count == BATCH_ROWS)
		return -ENOSPC;
	if (batch->row_count == batch->capacity && grow(batch))
		return -ENOMEM;
	for (unsigned int i = 0; i < stream->column_count && !error; i++) {
		const struct column *column = &stream->columns[i];
		const char *member = (const char *)row + column->offset;
		uint64_t value;

		if (column->type == COLUMN_ADDRESS) {
			error = append_address(batch, i, (const struct address *)member);
			continue;
		}
		if (column->type == COLUMN_TEXT)
			error = text_code(batch, i, *(const char *const *)member, &value);
		else if (column->size == 8)
			value = *(const uint64_t *)member;
		else if (column->size == 4)
			value = *(const uint32_t *)member;
		else if (column->size == 2)
			value = *(const uint16_t *)member;
		else
			value = *(const uint8_t *)member;
		if (!error)
			error = append_integer(batch, i, value);
	}
	if (!error)
		batch->row_count++;
	return error;
}

int batch_set_text(struct batch *batch, unsigned int column, uint32_t row, const char *text)
{
	uint64_t code = dictionary_intern(batch->texts, text, strlen(text));

	if (!code || (!batch->columns[column].memory && begin_column(batch, column)))
		return -ENOMEM;
	batch->columns[column].integers[row] = code;
	return 0;
}

static int is_zero(const void *memory, size_t size)
{
	const char *bytes = memory;

	return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

int batch_extend(struct batch *batch, const union column_values *columns, uint32_t first,
		 uint32_t count)
{
	if (count > BATCH_ROWS - batch->row_count)
		return -ENOSPC;
	while (batch->row_count + count > batch->capacity)
		if (grow(batch))
			return -ENOMEM;
	for (unsigned int i = 0; i < batch->stream->column_count; i++) {
		size_t size = value_size(&batch->stream->columns[i]);
		const char *from = columns[i].memory;
		char *to;

		if (from)
			from += first * size;
		if (!batch->columns[i].memory) {
			if (!from || is_zero(from, count * size))
				continue;
			if (begin_column(batch, i))
				return -ENOMEM;
		}
		to = (char *)batch->columns[i].memory + batch->row_count * size;
		if (from)
			memcpy(to, from, count * size);
		else
			memset(to, 0, count * size);
	}
	batch->row_count += count;
	batch->is_coded = 1;
	return 0;
}

void batch_span(const struct batch *batch, uint64_t *first_ns, uint64_t *last_ns)
{
	const uint64_t *first = batch->columns[batch->stream->first_time].integers;
	const uint64_t *last = batch->columns[batch->stream->last_time].integers;

	*first_ns = batch->row_count && first ? first[0] : 0;
	*last_ns = 0;
	for (uint32_t i = 0; i < batch->row_count; i++) {
		if (first && first[i] < *first_ns)
			*first_ns = first[i];
		if (last && last[i] > *last_ns)
			*last_ns = last[i];
	}
}
