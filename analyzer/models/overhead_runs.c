/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runs of a recording.
 */
#include "analyzer/models/overhead_runs.h"
#include "analyzer/replay.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MOST 64

/* NULL when memory is short. There are few texts: arms, roles, commands. */
static const char *keep_text(struct overhead_runs *runs, const char *text)
{
	char **texts;

	for (size_t i = 0; i < runs->text_count; i++)
		if (!strcmp(runs->texts[i], text))
			return runs->texts[i];
	texts = reallocarray(runs->texts, runs->text_count + 1, sizeof(*texts));
	if (!texts)
		return NULL;
	runs->texts = texts;
	texts[runs->text_count] = strdup(text);
	return texts[runs->text_count] ? texts[runs->text_count++] : NULL;
}

static int take_value(struct overhead_runs *runs, const struct replay *replay,
		      const struct column *column, uint64_t value, struct workload_row *row)
{
	void *member = (char *)row + column->offset;
	const char *text;

	if (column->type != COLUMN_TEXT) {
		memcpy(member, &value, column->size);
		return 0;
	}
	text = replay_text(replay, value);
	if (!text)
		return 0;
	text = keep_text(runs, text);
	memcpy(member, &text, sizeof(text));
	return text ? 0 : -ENOMEM;
}

static int take_block(struct overhead_runs *runs, const struct replay *replay,
		      const struct replay_block *block)
{
	const struct stream *stream = stream_get(STREAM_WORKLOAD);

	if (runs->count + block->count > runs->room) {
		size_t room = 2 * runs->room + block->count;
		struct workload_row *rows = reallocarray(runs->rows, room, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		runs->rows = rows;
		runs->room = room;
	}
	for (uint32_t i = 0; i < block->count; i++) {
		struct workload_row *row = &runs->rows[runs->count];

		*row = (struct workload_row){.arm = "", .role = "", .command = ""};
		for (unsigned int j = 0; j < stream->column_count; j++)
			if (take_value(runs, replay, &stream->columns[j],
				       block->columns[j].integers[i], row))
				return -ENOMEM;
		runs->count++;
	}
	return 0;
}

int overhead_runs_read(struct recording *recording, const char *recording_id,
		       struct overhead_runs *runs)
{
	const struct stream *stream = stream_get(STREAM_WORKLOAD);
	const char *names[COLUMNS_MOST];
	struct replay_block block;
	struct replay *replay;
	int error;

	assert(stream->column_count <= COLUMNS_MOST);
	for (unsigned int i = 0; i < stream->column_count; i++)
		names[i] = stream->columns[i].name;
	error = replay_new(recording, recording_id, STREAM_WORKLOAD, names,
			   stream->column_count, &replay);
	if (error)
		return error;
	while (!(error = replay_next(replay, &block)) &&
	       !(error = take_block(runs, replay, &block)))
		;
	replay_free(replay);
	return error == -ENODATA ? 0 : error;
}

void overhead_runs_clear(struct overhead_runs *runs)
{
	for (size_t i = 0; i < runs->text_count; i++)
		free(runs->texts[i]);
	free(runs->texts);
	free(runs->rows);
	*runs = (struct overhead_runs){0};
}
