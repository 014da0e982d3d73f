/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merges the chunks of a stream by time.
 *
 * Chunks are opened in the order of their first instant, each when the rows before it have been
 * given out; of the open ones, a run is copied at a time: the rows of one chunk that come
 * before the head of any other. A recorder writes nearly in order, so runs are long. Where more
 * chunks overlap than REPLAY_OVERLAP, a chunk waits for one of them to end, and a note says
 * that the order is not exact.
 */
#include "analyzer/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct place {
	struct chunk chunk;
	size_t segment;
};

/* A chunk whose rows are being given out. */
struct source {
	union column_values *columns; /* column_count of them, then the time */
	uint32_t *order;	      /* of the rows; NULL: they lie in it */
	uint32_t *order_memory;
	uint32_t capacity, row_count, row;
	size_t number; /* of its place: of equal instants, the earlier chunk is first */
};

struct replay {
	struct recording *recording;
	const struct stream *stream;
	enum stream_id stream_id;
	unsigned int *wanted; /* column_count of them, then the time */
	size_t column_count;
	size_t time_copy; /* which of them is the time, too; column_count: none */
	struct place *places;
	size_t place_count, next_place;
	struct source sources[REPLAY_OVERLAP];
	unsigned int
		open[REPLAY_OVERLAP]; /* numbers of sources; the first open_count are open */
	unsigned int open_count;
	int is_noted;
	union column_values *block; /* rows of several runs */
	union column_values *lent;  /* rows of one, where they are */
	struct dictionary *texts;
};

static size_t value_size(const struct replay *replay, size_t i)
{
	return replay->stream->columns[replay->wanted[i]].type == COLUMN_ADDRESS
		       ? sizeof(struct address)
		       : sizeof(uint64_t);
}

/* --- which chunks there are --- */

static int compare_places(const void *one, const void *other)
{
	const struct place *a = one, *b = other;

	if (a->chunk.first_ns != b->chunk.first_ns)
		return a->chunk.first_ns < b->chunk.first_ns ? -1 : 1;
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return a->chunk.chunk_id < b->chunk.chunk_id ? -1
						     : a->chunk.chunk_id > b->chunk.chunk_id;
}

/* Rows that cannot be read are missing from now on. 0 or -ENOMEM. */
static int leave_out(struct replay *replay, size_t segment, const struct chunk *chunk)
{
	return recording_add_gap(replay->recording, segment, replay->stream_id, chunk);
}

static int add_segment(struct replay *replay, size_t segment)
{
	struct segment_reader *reader = recording_reader(replay->recording, segment);
	struct place *places;
	struct chunk *chunks = NULL;
	size_t count = 0;
	int error;

	if (!reader)
		return leave_out(replay, segment, NULL);
	error = segment_chunks(reader, replay->stream_id, NULL, 0, &chunks, &count);
	if (error == -ENOMEM)
		return error;
	if (error) {
		recording_add_note(replay->recording, "%s; no row of stream %s in it is used",
				   segment_problem(reader), replay->stream->name);
		return leave_out(replay, segment, NULL);
	}
	places = reallocarray(replay->places, replay->place_count + count + 1, sizeof(*places));
	if (!places) {
		free(chunks);
		return -ENOMEM;
	}
	replay->places = places;
	for (size_t i = 0; i < count; i++)
		places[replay->place_count++] = (struct place){chunks[i], segment};
	free(chunks);
	return 0;
}

static int list_places(struct replay *replay, const char *recording_id)
{
	int error = 0;

	for (size_t i = 0; i < recording_segment_count(replay->recording) && !error; i++)
		if (!strcmp(recording_segment(replay->recording, i)->recording_id,
			    recording_id))
			error = add_segment(replay, i);
	if (!error && replay->place_count)
		qsort(replay->places, replay->place_count, sizeof(*replay->places),
		      compare_places);
	return error;
}

/* --- opening a chunk --- */

static int make_room(struct replay *replay, struct source *source, uint32_t rows)
{
	if (!source->columns)
		source->columns = calloc(replay->column_count + 1, sizeof(*source->columns));
	if (!source->columns)
		return -ENOMEM;
	if (rows <= source->capacity)
		return 0;
	source->capacity = 0;
	for (size_t i = 0; i <= replay->column_count; i++) {
		free(source->columns[i].memory);
		source->columns[i].memory = calloc(rows, value_size(replay, i));
		if (!source->columns[i].memory)
			return -ENOMEM;
	}
	source->capacity = rows;
	return 0;
}

#define KNOWN_CODES 64

/* From the segment's codes to ours. */
static int translate(struct replay *replay, struct segment_reader *reader, uint64_t *codes,
		     uint32_t count)
{
	struct {
		uint64_t from, to;
	} known[KNOWN_CODES] = {0};

	for (uint32_t i = 0; i < count; i++) {
		size_t slot = codes[i] % KNOWN_CODES;

		if (!codes[i])
			continue;
		if (known[slot].from != codes[i]) {
			size_t size;
			const char *text = segment_text(reader, codes[i], &size);

			known[slot].from = codes[i];
			known[slot].to =
				text ? dictionary_intern(replay->texts, text, size) : 0;
			if (text && !known[slot].to)
				return -ENOMEM;
		}
		codes[i] = known[slot].to;
	}
	return 0;
}

struct instant {
	uint64_t time_ns;
	uint32_t row;
};

static int compare_instants(const void *one, const void *other)
{
	const struct instant *a = one, *b = other;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* Put the rows in the order of their times. */
static int sort_rows(struct source *source, uint64_t *times)
{
	struct instant *instants;
	uint32_t *order;
	uint32_t i = 1;

	source->order = NULL;
	while (i < source->row_count && times[i - 1] <= times[i])
		i++;
	if (i >= source->row_count)
		return 0;
	instants = calloc(source->row_count, sizeof(*instants));
	order = reallocarray(source->order_memory, source->row_count, sizeof(*order));
	if (order)
		source->order_memory = order;
	if (!instants || !order) {
		free(instants);
		return -ENOMEM;
	}
	for (i = 0; i < source->row_count; i++)
		instants[i] = (struct instant){times[i], i};
	qsort(instants, source->row_count, sizeof(*instants), compare_instants);
	for (i = 0; i < source->row_count; i++) {
		order[i] = instants[i].row;
		times[i] = instants[i].time_ns;
	}
	free(instants);
	source->order = order;
	return 0;
}

static int load_column(struct replay *replay, struct source *source,
		       struct segment_reader *reader, const struct chunk *chunk, size_t i)
{
	unsigned int column = replay->wanted[i];
	void *values = source->columns[i].memory;
	int error;

	if (i == replay->column_count && replay->time_copy < i) {
		memcpy(values, source->columns[replay->time_copy].memory,
		       chunk->row_count * sizeof(uint64_t));
		return 0;
	}
	error = segment_column(reader, replay->stream_id, chunk, column, values);
	if (!error && replay->stream->columns[column].type == COLUMN_TEXT)
		error = translate(replay, reader, values, chunk->row_count);
	return error;
}

static int leave_out_chunk(struct replay *replay, const struct place *place)
{
	int error = leave_out(replay, place->segment, &place->chunk);

	return error ? error : -EBADMSG;
}

/* Decode a chunk. -EBADMSG: it is damaged, and noted. */
static int load(struct replay *replay, struct source *source, const struct place *place)
{
	struct segment_reader *reader = recording_reader(replay->recording, place->segment);
	int error = make_room(replay, source, place->chunk.row_count);

	if (!reader)
		return error ? error : leave_out_chunk(replay, place);
	for (size_t i = 0; i <= replay->column_count && !error; i++)
		error = load_column(replay, source, reader, &place->chunk, i);
	if (error && error != -ENOMEM) {
		recording_add_note(replay->recording,
				   "%s; the %u rows of that chunk are not used",
				   segment_problem(reader), place->chunk.row_count);
		return leave_out_chunk(replay, place);
	}
	source->row = 0;
	source->row_count = place->chunk.row_count;
	return error ? error
		     : sort_rows(source, source->columns[replay->column_count].integers);
}

static uint64_t head_ns(const struct replay *replay, const struct source *source)
{
	return source->columns[replay->column_count].integers[source->row];
}

/* The open source whose head is first, and until before which instant it stays so. */
static struct source *first_source(struct replay *replay, uint64_t *until_ns)
{
	struct source *first = NULL;

	*until_ns = UINT64_MAX;
	for (unsigned int i = 0; i < replay->open_count; i++) {
		struct source *source = &replay->sources[replay->open[i]];
		uint64_t head = head_ns(replay, source), least = UINT64_MAX;

		if (first)
			least = head_ns(replay, first);
		if (!first || head < least ||
		    (head == least && source->number < first->number)) {
			first = source;
			*until_ns = least < *until_ns ? least : *until_ns;
		} else if (head < *until_ns) {
			*until_ns = head;
		}
	}
	return first;
}

/* Open every chunk that may hold a row before the first open head. */
static int open_due(struct replay *replay)
{
	uint64_t until_ns;

	while (replay->next_place < replay->place_count) {
		const struct place *place = &replay->places[replay->next_place];
		const struct source *first = first_source(replay, &until_ns);
		int error;

		if (first && head_ns(replay, first) < place->chunk.first_ns)
			return 0;
		if (replay->open_count == REPLAY_OVERLAP) {
			if (!replay->is_noted)
				recording_add_note(replay->recording,
						   "stream %s: more than %d chunks overlap in "
						   "time; they are replayed nearly in order",
						   replay->stream->name, REPLAY_OVERLAP);
			replay->is_noted = 1;
			return 0;
		}
		error = load(replay, &replay->sources[replay->open[replay->open_count]], place);
		if (error && error != -EBADMSG)
			return error;
		if (!error && place->chunk.row_count)
			replay->sources[replay->open[replay->open_count++]].number =
				replay->next_place;
		replay->next_place++;
	}
	return 0;
}

/* --- giving out rows --- */

static void copy_rows(struct replay *replay, const struct source *source, uint32_t to,
		      uint32_t count)
{
	for (size_t i = 0; i < replay->column_count; i++) {
		size_t size = value_size(replay, i);
		char *out = (char *)replay->block[i].memory + to * size;
		const char *in = source->columns[i].memory;

		if (!source->order)
			memcpy(out, in + source->row * size, count * size);
		else
			for (uint32_t j = 0; j < count; j++)
				memcpy(out + j * size,
				       in + source->order[source->row + j] * size, size);
	}
}

/* Rows as they lie in their chunk, where that saves copying many. */
static int can_lend(const struct source *source, uint32_t run)
{
	return !source->order && run >= REPLAY_ROWS / 4;
}

static void lend_rows(struct replay *replay, const struct source *source)
{
	for (size_t i = 0; i < replay->column_count; i++)
		replay->lent[i].memory =
			(char *)source->columns[i].memory + source->row * value_size(replay, i);
}

/* A source that is at its end makes room; the others keep their place in the list. */
static void close_source(struct replay *replay, const struct source *source)
{
	unsigned int number = (unsigned int)(source - replay->sources), i = 0;

	while (replay->open[i] != number)
		i++;
	replay->open_count--;
	replay->open[i] = replay->open[replay->open_count];
	replay->open[replay->open_count] = number;
}

int replay_next(struct replay *replay, struct replay_block *out)
{
	uint32_t count = 0;
	int is_lent = 0;

	while (count < REPLAY_ROWS && !is_lent) {
		uint64_t until_ns;
		struct source *source;
		const uint64_t *times;
		uint32_t run = 1;
		int error = open_due(replay);

		if (error)
			return error;
		source = first_source(replay, &until_ns);
		if (!source)
			break;
		if (replay->next_place < replay->place_count &&
		    replay->places[replay->next_place].chunk.first_ns < until_ns)
			until_ns = replay->places[replay->next_place].chunk.first_ns;
		times = source->columns[replay->column_count].integers + source->row;
		while (run < source->row_count - source->row && run < REPLAY_ROWS - count &&
		       times[run] < until_ns)
			run++;
		is_lent = !count && can_lend(source, run);
		if (is_lent)
			lend_rows(replay, source);
		else
			copy_rows(replay, source, count, run);
		count += run;
		source->row += run;
		if (source->row == source->row_count)
			close_source(replay, source);
	}
	if (!count)
		return -ENODATA;
	out->count = count;
	out->columns = is_lent ? replay->lent : replay->block;
	return 0;
}

uint64_t replay_code(struct replay *replay, const char *text)
{
	return dictionary_intern(replay->texts, text, strlen(text));
}

const char *replay_text(const struct replay *replay, uint64_t code)
{
	size_t size;

	return code ? dictionary_text(replay->texts, (uint32_t)code, &size) : NULL;
}

/* --- beginning and ending --- */

static int find_columns(struct replay *replay, const char *const *names)
{
	for (size_t i = 0; i < replay->column_count; i++) {
		int column = stream_column(replay->stream, names[i]);

		if (column < 0)
			return -EINVAL;
		replay->wanted[i] = (unsigned int)column;
	}
	replay->wanted[replay->column_count] = replay->stream->first_time;
	while (replay->wanted[replay->time_copy] != replay->stream->first_time)
		replay->time_copy++;
	return 0;
}

static int make_block(struct replay *replay)
{
	for (size_t i = 0; i < replay->column_count; i++) {
		replay->block[i].memory = calloc(REPLAY_ROWS, value_size(replay, i));
		if (!replay->block[i].memory)
			return -ENOMEM;
	}
	return 0;
}

int replay_new(struct recording *recording, const char *recording_id, enum stream_id stream,
	       const char *const *names, size_t name_count, struct replay **out)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	int error = -ENOMEM;

	if (!replay)
		return error;
	replay->recording = recording;
	replay->stream_id = stream;
	replay->stream = stream_get(stream);
	replay->column_count = name_count;
	for (unsigned int i = 0; i < REPLAY_OVERLAP; i++)
		replay->open[i] = i;
	replay->wanted = calloc(name_count + 1, sizeof(*replay->wanted));
	replay->block = calloc(name_count + 1, sizeof(*replay->block));
	replay->lent = calloc(name_count + 1, sizeof(*replay->lent));
	replay->texts = dictionary_new();
	if (replay->wanted && replay->block && replay->lent && replay->texts)
		error = find_columns(replay, names);
	if (!error)
		error = make_block(replay);
	if (!error)
		error = list_places(replay, recording_id);
	if (error) {
		replay_free(replay);
		return error;
	}
	*out = replay;
	return 0;
}

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	for (unsigned int i = 0; i < REPLAY_OVERLAP; i++) {
		struct source *source = &replay->sources[i];

		for (size_t j = 0; source->columns && j <= replay->column_count; j++)
			free(source->columns[j].memory);
		free(source->columns);
		free(source->order_memory);
	}
	for (size_t i = 0; replay->block && i < replay->column_count; i++)
		free(replay->block[i].memory);
	dictionary_free(replay->texts);
	free(replay->block);
	free(replay->lent);
	free(replay->wanted);
	free(replay->places);
	free(replay);
}
