/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a segment, put together from its columns.
 */
#include "recorder/read_back.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for the row struct of any stream. */
union any_row {
	struct flow_row flow;
	struct hop_row hop;
	struct nat_row nat;
	struct conntrack_rate_row conntrack_rate;
	struct process_row process;
	struct cost_row cost;
};

static void put_value(char *row, const struct column *column, uint64_t value,
		      struct segment_reader *segment)
{
	const char *text;
	size_t size;

	if (column->type == COLUMN_TEXT) {
		text = value ? segment_text(segment, value, &size) : NULL;
		memcpy(row + column->offset, &text, sizeof(text));
	} else if (column->size == 1) {
		*(uint8_t *)(row + column->offset) = (uint8_t)value;
	} else if (column->size == 2) {
		*(uint16_t *)(row + column->offset) = (uint16_t)value;
	} else if (column->size == 4) {
		*(uint32_t *)(row + column->offset) = (uint32_t)value;
	} else {
		*(uint64_t *)(row + column->offset) = value;
	}
}

static int read_chunk(struct segment_reader *segment, enum stream_id id,
		      const struct chunk *chunk, char *rows)
{
	const struct stream *stream = stream_get(id);
	struct address *values = malloc(chunk->row_count * sizeof(*values));
	int error = values ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < stream->column_count && !error; i++) {
		const struct column *column = &stream->columns[i];

		error = segment_column(segment, id, chunk, i, values);
		for (uint32_t row = 0; row < chunk->row_count && !error; row++) {
			char *to = rows + row * sizeof(union any_row);

			if (column->type == COLUMN_ADDRESS)
				memcpy(to + column->offset, &values[row], sizeof(*values));
			else
				put_value(to, column, ((uint64_t *)values)[row], segment);
		}
	}
	free(values);
	return error;
}

int read_back(struct segment_reader *segment, enum stream_id stream,
	      int (*row)(void *context, const void *row), void *context)
{
	struct chunk *chunks = NULL;
	size_t count = 0;
	int result = segment_chunks(segment, stream, NULL, 0, &chunks, &count);

	for (size_t i = 0; i < count && !result; i++) {
		union any_row *rows = calloc(chunks[i].row_count, sizeof(*rows));

		result = rows ? read_chunk(segment, stream, &chunks[i], (char *)rows) : -ENOMEM;
		for (uint32_t j = 0; j < chunks[i].row_count && !result; j++)
			result = row(context, &rows[j]);
		free(rows);
	}
	free(chunks);
	return result;
}
