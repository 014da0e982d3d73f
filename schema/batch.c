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
	dictionary_clear(batch->texts);
}

static int grow(struct batch *batch)
{
	uint32_t capacity = batch->capacity ? batch->capacity * 4 : FIRST_ROWS;

	if (capacity > BATCH_ROWS)
		capacity = BATCH_ROWS;
	for (unsigned int i = 0; i < batch->stream->column_count; i++) {
		void *memory = realloc(batch->columns[i].memory,
				       capacity * value_size(&batch->stream->columns[i]));

		if (!memory)
			return -ENOMEM;
		batch->columns[i].memory = memory;
	}
	batch->capacity = capacity;
	return 0;
}

/* The code of a text; most texts repeat the row before, which saves the look-up. */
static int text_code(struct batch *batch, unsigned int column, const char *text, uint64_t *code)
{
	uint64_t last =
		batch->row_count ? batch->columns[column].integers[batch->row_count - 1] : 0;
	const char *last_text = dictionary_text(batch->texts, (uint32_t)last, NULL);

	if (!text)
		*code = 0;
	else if (last_text && !strcmp(text, last_text))
		*code = last;
	else
		*code = dictionary_intern(batch->texts, text, strlen(text));
	return text && !*code ? -ENOMEM : 0;
}

int batch_append(struct batch *batch, const void *row)
{
	const struct stream *stream = batch->stream;
	uint32_t at = batch->row_count;

	if (at == BATCH_ROWS)
		return -ENOSPC;
	if (at == batch->capacity && grow(batch))
		return -ENOMEM;
	for (unsigned int i = 0; i < stream->column_count; i++) {
		const struct column *column = &stream->columns[i];
		const char *member = (const char *)row + column->offset;
		union column_values values = batch->columns[i];

		if (column->type == COLUMN_ADDRESS)
			values.addresses[at] = *(const struct address *)member;
		else if (column->type == COLUMN_TEXT) {
			if (text_code(batch, i, *(const char *const *)member,
				      &values.integers[at]))
				return -ENOMEM;
		} else if (column->size == 8)
			values.integers[at] = *(const uint64_t *)member;
		else if (column->size == 4)
			values.integers[at] = *(const uint32_t *)member;
		else if (column->size == 2)
			values.integers[at] = *(const uint16_t *)member;
		else
			values.integers[at] = *(const uint8_t *)member;
	}
	batch->row_count++;
	return 0;
}

void batch_span(const struct batch *batch, uint64_t *first_ns, uint64_t *last_ns)
{
	const uint64_t *first = batch->columns[batch->stream->first_time].integers;
	const uint64_t *last = batch->columns[batch->stream->last_time].integers;

	*first_ns = batch->row_count ? first[0] : 0;
	*last_ns = batch->row_count ? last[0] : 0;
	for (uint32_t i = 1; i < batch->row_count; i++) {
		if (first[i] < *first_ns)
			*first_ns = first[i];
		if (last[i] > *last_ns)
			*last_ns = last[i];
	}
}
