/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through the rows of one stream over all segments of a recording.
 *
 * Bounds serve three times: the catalog tells which segments need not be opened, the segment
 * leaves out chunks whose zone map excludes them, and of the chunks that are left, rows outside
 * are passed over here, before anybody asks for their values.
 */
#include "analyzer/scan.h"
#include "analyzer/bounds.h"
#include "analyzer/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	struct recording *recording;
	const struct stream *stream;
	enum stream_id stream_id;
	unsigned char *needed;
	struct bounds bounds; /* resolved for this segment */
	size_t only;	      /* the one segment that may be asked for; ALL, or ONLY_NONE */

	size_t segment; /* number of the one that chunks are of */
	struct chunk *chunks;
	size_t chunk_count;
	size_t chunk; /* number of the one that columns are of */
	uint32_t row;
	union column_values *columns;
	uint32_t capacity; /* rows that have room in columns */

	unsigned int key;    /* column of the equality that the scan was begun with */
	unsigned int begins; /* how often in a row */
	int is_too_large;    /* for a lookup */
	struct lookup *lookup;
	int uses_lookup; /* row is a row of it */
};

#define NO_KEY	  UINT32_MAX /* as bounds_key has it */
#define ALL	  SIZE_MAX
#define ONLY_NONE (SIZE_MAX - 1)

struct scan *scan_new(struct recording *recording, enum stream_id stream)
{
	struct scan *scan = calloc(1, sizeof(*scan));

	if (!scan)
		return NULL;
	scan->recording = recording;
	scan->stream_id = stream;
	scan->stream = scan->bounds.stream = stream_get(stream);
	scan->key = NO_KEY;
	scan->only = ALL;
	scan->needed = calloc(scan->stream->column_count, 1);
	scan->columns = calloc(scan->stream->column_count, sizeof(*scan->columns));
	if (!scan->needed || !scan->columns) {
		scan_free(scan);
		return NULL;
	}
	return scan;
}

void scan_free(struct scan *scan)
{
	if (!scan)
		return;
	bounds_clear(&scan->bounds);
	for (unsigned int i = 0; scan->columns && i < scan->stream->column_count; i++)
		free(scan->columns[i].memory);
	lookup_free(scan->lookup);
	free(scan->columns);
	free(scan->needed);
	free(scan->chunks);
	free(scan);
}

/* Whether the current segment may hold rows within the bounds, as far as its catalog knows. */
static int may_hold(const struct scan *scan, const struct recording_segment *segment)
{
	if (scan->only != ALL && scan->only != scan->segment)
		return 0;
	return !segment->catalog ||
	       bounds_may_meet(&scan->bounds, segment->catalog, segment->file, scan->stream_id);
}

/* List the chunks of the segment that may hold rows. What cannot be read is noted. */
static int list_chunks(struct scan *scan)
{
	struct segment_reader *reader = recording_reader(scan->recording, scan->segment);
	int answer;

	if (!reader)
		return 0;
	answer = bounds_resolve(&scan->bounds, reader);
	if (answer > 0)
		answer = segment_chunks(reader, scan->stream_id, scan->bounds.resolved,
					scan->bounds.count, &scan->chunks, &scan->chunk_count);
	if (answer == -ENOMEM)
		return answer;
	if (answer < 0)
		recording_add_note(scan->recording, "%s; no row of stream %s in it is used",
				   segment_problem(reader), scan->stream->name);
	return 0;
}

/* Whole streams that cannot be listed are noted like damaged parts. */
static int next_segment(struct scan *scan)
{
	int error = 0;

	free(scan->chunks);
	scan->chunks = NULL;
	scan->chunk_count = 0;
	while (!error && !scan->chunk_count) {
		scan->segment++;
		if (scan->segment >= recording_segment_count(scan->recording))
			return -ENODATA;
		if (may_hold(scan, scan_segment(scan)))
			error = list_chunks(scan);
	}
	return error;
}

static int make_room(struct scan *scan, uint32_t rows)
{
	if (rows > scan->capacity) {
		for (unsigned int i = 0; i < scan->stream->column_count; i++) {
			free(scan->columns[i].memory);
			scan->columns[i].memory = NULL;
		}
		scan->capacity = rows;
	}
	for (unsigned int i = 0; i < scan->stream->column_count; i++) {
		size_t size = scan->stream->columns[i].type == COLUMN_ADDRESS
				      ? sizeof(struct address)
				      : sizeof(uint64_t);

		if (scan->needed[i] && !scan->columns[i].memory)
			scan->columns[i].memory = malloc(scan->capacity * size);
		if (scan->needed[i] && !scan->columns[i].memory)
			return -ENOMEM;
	}
	return 0;
}

/* Decode what is needed of the current chunk. -EBADMSG: it is damaged, and noted. */
static int load_chunk(struct scan *scan)
{
	struct segment_reader *reader = recording_reader(scan->recording, scan->segment);
	const struct chunk *chunk = &scan->chunks[scan->chunk];
	int error = make_room(scan, chunk->row_count);

	for (unsigned int i = 0; i < scan->stream->column_count && !error; i++) {
		if (!scan->needed[i])
			continue;
		error = segment_column(reader, scan->stream_id, chunk, i,
				       scan->columns[i].memory);
		if (error && error != -ENOMEM) {
			recording_add_note(scan->recording,
					   "%s; the %u rows of that chunk are not used",
					   segment_problem(reader), chunk->row_count);
			error = -EBADMSG;
		}
	}
	return error;
}

/* The columns that the current row is in. */
static const union column_values *values(const struct scan *scan)
{
	return scan->uses_lookup ? scan->lookup->columns : scan->columns;
}

/* Whether the current row is within all bounds. */
static int is_within(const struct scan *scan)
{
	return bounds_hold(&scan->bounds, values(scan), scan->row);
}

static int next_decoded(struct scan *scan)
{
	int error;

	if (scan->chunk < scan->chunk_count)
		scan->row++;
	for (;;) {
		if (scan->chunk < scan->chunk_count) {
			while (scan->row < scan->chunks[scan->chunk].row_count) {
				if (is_within(scan))
					return 0;
				scan->row++;
			}
			scan->chunk++;
		} else {
			error = next_segment(scan);
			if (error)
				return error;
			scan->chunk = 0;
		}
		for (; scan->chunk < scan->chunk_count; scan->chunk++) {
			error = load_chunk(scan);
			if (error == -ENOMEM)
				return error;
			if (!error)
				break;
		}
		scan->row = 0;
	}
}

/* --- lookups --- */

static void rewind_scan(struct scan *scan)
{
	free(scan->chunks);
	scan->chunks = NULL;
	scan->chunk_count = 0;
	scan->chunk = 0;
	scan->segment = SIZE_MAX;
}

/* Of the chunks within the bounds. Returns UINT64_MAX when memory is short. */
static uint64_t count_rows(struct scan *scan)
{
	uint64_t rows = 0;
	int error;

	for (rewind_scan(scan); !(error = next_segment(scan));)
		for (size_t i = 0; i < scan->chunk_count; i++)
			rows += scan->chunks[i].row_count;
	return error == -ENODATA ? rows : UINT64_MAX;
}

/* Append every chunk that is not damaged. */
static int fill_lookup(struct scan *scan)
{
	int error = 0;

	rewind_scan(scan);
	while (!error && !(error = next_segment(scan))) {
		for (scan->chunk = 0; scan->chunk < scan->chunk_count && !error;
		     scan->chunk++) {
			const struct chunk *chunk = &scan->chunks[scan->chunk];

			error = load_chunk(scan);
			if (!error)
				error = lookup_add(scan->lookup, scan->columns,
						   chunk->row_count, (uint32_t)scan->segment,
						   (uint32_t)chunk->chunk_id);
			else if (error == -EBADMSG)
				error = 0;
		}
	}
	rewind_scan(scan);
	return error == -ENODATA ? lookup_index(scan->lookup) : error;
}

/* Make the lookup, without bounds. When it cannot be, scans go on without it. */
static void make_lookup(struct scan *scan)
{
	size_t bound_count = scan->bounds.count, only = scan->only;
	uint64_t rows;

	scan->bounds.count = 0;
	scan->only = ALL;
	rows = count_rows(scan);
	if (rows < UINT32_MAX &&
	    lookup_bytes(scan->stream, scan->needed, rows) <= SCAN_LOOKUP_BYTES)
		scan->lookup =
			lookup_new(scan->stream, scan->needed, scan->key, (uint32_t)rows);
	if (!scan->lookup || fill_lookup(scan)) {
		lookup_free(scan->lookup);
		scan->lookup = NULL;
		scan->is_too_large = 1;
	}
	rewind_scan(scan);
	scan->bounds.count = bound_count;
	scan->only = only;
}

static int next_looked_up(struct scan *scan)
{
	const struct scan_bound *equality;

	if (scan->chunk) {
		scan->row = lookup_next(scan->lookup, scan->row);
	} else {
		scan->chunk = 1; /* begun */
		equality = bounds_equality(&scan->bounds, scan->key);
		scan->row =
			lookup_first(scan->lookup, (uint64_t)equality->low, &equality->address);
	}
	while (scan->row != UINT32_MAX && !is_within(scan))
		scan->row = lookup_next(scan->lookup, scan->row);
	if (scan->row == UINT32_MAX)
		return -ENODATA;
	scan->segment = scan->lookup->places[scan->row].segment;
	return 0;
}

/* --- what the header promises --- */

void scan_limit(struct scan *scan, const char *segment)
{
	size_t count = recording_segment_count(scan->recording);

	scan->only = segment ? ONLY_NONE : ALL;
	for (size_t i = 0; segment && i < count && scan->only == ONLY_NONE; i++)
		if (!strcmp(recording_segment(scan->recording, i)->name, segment))
			scan->only = i;
}

int scan_begin(struct scan *scan, const unsigned char *needed, const struct scan_bound *bounds,
	       size_t bound_count)
{
	unsigned int key;
	int error = bounds_set(&scan->bounds, bounds, bound_count), is_other = 0;

	if (error)
		return error;
	for (unsigned int i = 0; i < scan->stream->column_count; i++) {
		unsigned char need = needed[i];

		for (size_t j = 0; j < bound_count; j++)
			need |= bounds[j].column == i;
		is_other |= need != scan->needed[i];
		scan->needed[i] = need;
	}
	rewind_scan(scan);
	key = bounds_key(&scan->bounds);
	if (is_other || key != scan->key) {
		lookup_free(scan->lookup);
		scan->lookup = NULL;
		scan->is_too_large = 0;
		scan->begins = 0;
	}
	scan->key = key;
	scan->begins += scan->begins < SCAN_LOOKUPS;
	if (key != NO_KEY && scan->begins == SCAN_LOOKUPS && !scan->lookup &&
	    !scan->is_too_large)
		make_lookup(scan);
	scan->uses_lookup = scan->lookup && key != NO_KEY;
	/* Without texts, bounds are the same in every segment. */
	if (scan->uses_lookup)
		bounds_resolve(&scan->bounds, NULL);
	return 0;
}

int scan_next(struct scan *scan)
{
	return scan->uses_lookup ? next_looked_up(scan) : next_decoded(scan);
}

size_t scan_segment_number(const struct scan *scan)
{
	return scan->segment;
}

const struct recording_segment *scan_segment(const struct scan *scan)
{
	return recording_segment(scan->recording, scan->segment);
}

int64_t scan_chunk_id(const struct scan *scan)
{
	return scan->uses_lookup ? scan->lookup->places[scan->row].chunk_id
				 : scan->chunks[scan->chunk].chunk_id;
}

uint32_t scan_row(const struct scan *scan)
{
	return scan->uses_lookup ? scan->lookup->places[scan->row].row : scan->row;
}

uint64_t scan_integer(const struct scan *scan, unsigned int column)
{
	return values(scan)[column].integers[scan->row];
}

const struct address *scan_address(const struct scan *scan, unsigned int column)
{
	return &values(scan)[column].addresses[scan->row];
}

const char *scan_text(const struct scan *scan, unsigned int column, size_t *size)
{
	uint64_t code = scan_integer(scan, column);
	struct segment_reader *reader;
	const char *text;

	if (!code)
		return NULL;
	reader = recording_reader(scan->recording, scan->segment);
	text = reader ? segment_text(reader, code, size) : NULL;
	if (!reader || text)
		return text;
	if (segment_load_texts(reader))
		recording_add_note(scan->recording, "%s; not all texts of it are shown",
				   segment_problem(reader));
	else
		recording_add_note(
			scan->recording,
			"%s: stream %s, chunk %lld, column %s: table string lacks %llu",
			segment_path(reader), scan->stream->name,
			(long long)scan_chunk_id(scan), scan->stream->columns[column].name,
			(unsigned long long)code);
	return NULL;
}
