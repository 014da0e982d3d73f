/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One or more recordings, open for reading.
 */
#include "analyzer/recording.h"
#include "analyzer/functions.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a path names. */
struct place {
	struct listing listing;
	struct catalog *catalog; /* of a directory */
};

struct lines {
	char **texts;
	size_t count;
};

struct recording {
	struct place **places;
	size_t place_count;
	struct recording_segment *segments;
	size_t segment_count;
	size_t open_count; /* of them */
	uint64_t uses;	   /* of open segments, so far */
	size_t reading;	   /* the one that was asked for last */
	struct lines notes, remarks;
	int partial;
	struct recording_gap *gaps;
	size_t gap_count;
};

static void segment_free(struct recording_segment *segment)
{
	segment_reader_close(segment->reader);
	free((char *)segment->path);
	free((char *)segment->name);
	free((char *)segment->recording_id);
}

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->texts[i]);
	free(lines->texts);
}

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	for (size_t i = 0; i < recording->segment_count; i++)
		segment_free(&recording->segments[i]);
	for (size_t i = 0; i < recording->place_count; i++) {
		catalog_close(recording->places[i]->catalog);
		listing_free(&recording->places[i]->listing);
		free(recording->places[i]);
	}
	free(recording->places);
	free_lines(&recording->notes);
	free_lines(&recording->remarks);
	free(recording->gaps);
	free(recording->segments);
	free(recording);
}

/* Takes the line, and keeps it once. */
static void keep_line(struct lines *lines, char *line)
{
	char **texts;

	for (size_t i = 0; line && i < lines->count; i++) {
		if (!strcmp(lines->texts[i], line)) {
			free(line);
			return;
		}
	}
	texts = line ? realloc(lines->texts, (lines->count + 1) * sizeof(*texts)) : NULL;
	if (!texts) {
		free(line);
		return;
	}
	lines->texts = texts;
	texts[lines->count++] = line;
}

static void add_line(struct recording *recording, char *line)
{
	recording->partial = 1;
	keep_line(&recording->notes, line);
}

static char *print_line(const char *format, va_list arguments)
{
	char *line;

	return vasprintf(&line, format, arguments) < 0 ? NULL : line;
}

void recording_add_note(struct recording *recording, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_line(recording, print_line(format, arguments));
	va_end(arguments);
}

void recording_add_remark(struct recording *recording, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep_line(&recording->remarks, print_line(format, arguments));
	va_end(arguments);
}

char *recording_take_remark(struct recording *recording)
{
	struct lines *remarks = &recording->remarks;
	char *line = remarks->count ? remarks->texts[0] : NULL;

	if (line)
		memmove(remarks->texts, remarks->texts + 1,
			--remarks->count * sizeof(*remarks->texts));
	return line;
}

int recording_add_gap(struct recording *recording, size_t segment, enum stream_id stream,
		      const struct chunk *chunk)
{
	struct recording_gap gap = {.segment = segment, .stream = stream}, *gaps;

	if (chunk)
		gap.chunk = *chunk;
	for (size_t i = 0; i < recording->gap_count; i++)
		if (recording->gaps[i].segment == segment &&
		    recording->gaps[i].stream == stream &&
		    recording->gaps[i].chunk.chunk_id == gap.chunk.chunk_id)
			return 0;
	gaps = realloc(recording->gaps, (recording->gap_count + 1) * sizeof(*gaps));
	if (!gaps)
		return -ENOMEM;
	recording->gaps = gaps;
	gaps[recording->gap_count++] = gap;
	return 0;
}

const struct recording_gap *recording_gap(const struct recording *recording, size_t i)
{
	return i < recording->gap_count ? &recording->gaps[i] : NULL;
}

static uint64_t journal_size(const char *path)
{
	char *name = NULL;
	struct stat status;
	uint64_t size = 0;

	if (asprintf(&name, "%s-wal", path) < 0)
		return 0;
	if (!stat(name, &status))
		size = (uint64_t)status.st_size;
	free(name);
	return size;
}

/* What the segment says of itself. */
static int read_identity(struct recording_segment *segment)
{
	sqlite3_stmt *statement;
	sqlite3 *database = segment_database(segment->reader);
	int result = -EBADMSG;

	if (sqlite3_prepare_v2(database,
			       "SELECT recording_id, sequence, created_ns FROM segment", -1,
			       &statement, NULL))
		return -EBADMSG;
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0)) {
		segment->recording_id = strdup((const char *)sqlite3_column_text(statement, 0));
		segment->sequence = (uint32_t)sqlite3_column_int64(statement, 1);
		segment->created_ns = (uint64_t)sqlite3_column_int64(statement, 2);
		segment->covered_ns = segment_covered_ns(segment->reader);
		segment->is_finished = segment_is_finished(segment->reader);
		result = segment->recording_id ? 0 : -ENOMEM;
	}
	sqlite3_finalize(statement);
	return result;
}

/* The same from the catalog. */
static int take_entry(struct recording_segment *segment, const struct catalog_entry *entry)
{
	segment->recording_id = strdup(entry->recording_id);
	segment->sequence = entry->sequence;
	segment->created_ns = entry->created_ns;
	segment->covered_ns = entry->covered_ns;
	segment->is_finished = entry->is_finished;
	return segment->recording_id ? 0 : -ENOMEM;
}

static void note_unfinished(struct recording *recording,
			    const struct recording_segment *segment)
{
	uint64_t covered_ns = segment->covered_ns;
	char time[FUNCTIONS_TIME_SIZE];

	if (!covered_ns) {
		recording_add_note(recording,
				   "%s was not finished: it holds nothing yet; a recorder that "
				   "still runs, or a crash",
				   segment->path);
		return;
	}
	functions_rfc3339((int64_t)covered_ns, 3, time);
	recording_add_note(recording,
			   "%s was not finished: it holds everything until %s; a recorder that "
			   "still runs, or a crash",
			   segment->path, time);
}

/* Whether a live segment has been sealed since it was listed; then file is the sealed one. */
static int was_sealed(struct listing_file *file)
{
	return listing_is_live(file->name) && access(file->path, F_OK) && !listing_follow(file);
}

/* Open the segment and read what it says of itself. What is wrong is noted. */
static int open_segment(struct recording *recording, struct listing_file *file,
			struct recording_segment *segment)
{
	char *problem = NULL;
	int error = segment_open(file->path, &segment->reader, &problem);

	/* Even when it could be opened: its journal may have been gone. */
	if (was_sealed(file)) {
		segment_reader_close(segment->reader);
		segment->reader = NULL;
		free(problem);
		error = segment_open(file->path, &segment->reader, &problem);
	}
	if (error) {
		if (problem)
			add_line(recording, problem);
		else
			recording_add_note(recording, "%s: %s", file->path, strerror(-error));
		return error;
	}
	error = read_identity(segment);
	if (error)
		recording_add_note(recording, "%s: damaged: its table segment cannot be read",
				   file->path);
	/* A live one is read as it is now; a sealed one can be opened again. */
	if (!error && segment_is_sealed(segment->reader)) {
		segment_reader_close(segment->reader);
		segment->reader = NULL;
	}
	return error;
}

static int name_segment(struct recording_segment *segment, const struct listing_file *file,
			int whole_path)
{
	segment->path = strdup(file->path);
	segment->name = strdup(whole_path ? file->path : file->name);
	segment->size_bytes = (uint64_t)file->status.st_size + journal_size(file->path);
	return segment->path && segment->name ? 0 : -ENOMEM;
}

static int add_segment(struct recording *recording, struct place *place, size_t i,
		       int whole_path)
{
	struct listing_file *file = &place->listing.files[i];
	const struct catalog_entry *entry =
		place->catalog ? catalog_entry(place->catalog, i) : NULL;
	struct recording_segment segment = {.catalog = place->catalog, .file = i}, *segments;
	int error =
		entry ? take_entry(&segment, entry) : open_segment(recording, file, &segment);

	if (!error)
		error = name_segment(&segment, file, whole_path);
	segments = error ? NULL
			 : realloc(recording->segments,
				   (recording->segment_count + 1) * sizeof(*segments));
	if (!segments) {
		segment_free(&segment);
		return error ? error : -ENOMEM;
	}
	recording->segments = segments;
	segments[recording->segment_count++] = segment;
	if (!segment.is_finished)
		note_unfinished(recording, &segment);
	return 0;
}

/* Takes the listing. */
static struct place *add_place(struct recording *recording, struct listing *listing)
{
	struct place **places, *place = calloc(1, sizeof(*place));

	places = realloc(recording->places, (recording->place_count + 1) * sizeof(*places));
	if (places)
		recording->places = places;
	if (!place || !places) {
		free(place);
		listing_free(listing);
		return NULL;
	}
	place->listing = *listing;
	places[recording->place_count++] = place;
	return place;
}

static int add_path(struct recording *recording, const char *path, int whole_path)
{
	struct listing listing;
	struct place *place;
	char *problem;
	int error = listing_make(path, &listing, &problem);

	if (error) {
		add_line(recording, problem);
		return error;
	}
	place = add_place(recording, &listing);
	if (!place)
		return -ENOMEM;
	if (place->listing.directory) {
		place->catalog = catalog_open(&place->listing);
		if (!place->catalog)
			return -ENOMEM;
	}
	for (size_t i = 0; i < place->listing.count && error != -ENOMEM; i++)
		error = add_segment(recording, place, i, whole_path);
	return error;
}

static int compare(const void *left, const void *right)
{
	const struct recording_segment *a = left, *b = right;
	int order = strcmp(a->recording_id, b->recording_id);

	if (!order)
		order = (a->sequence > b->sequence) - (a->sequence < b->sequence);
	if (!order)
		order = (a->created_ns > b->created_ns) - (a->created_ns < b->created_ns);
	return order ? order : strcmp(a->path, b->path);
}

/* Of equal ones, a sealed segment is better than a live one. */
static int holds_more(const struct recording_segment *segment,
		      const struct recording_segment *than)
{
	if (segment->covered_ns != than->covered_ns)
		return segment->covered_ns > than->covered_ns;
	return listing_is_live(than->name) && !listing_is_live(segment->name);
}

/* A segment that was given twice counts once: the copy that holds more. */
static void drop_copies(struct recording *recording)
{
	size_t kept = 0;

	for (size_t i = 1; i < recording->segment_count; i++) {
		struct recording_segment *segment = &recording->segments[i];
		struct recording_segment *before = &recording->segments[kept];

		if (segment->sequence != before->sequence ||
		    segment->created_ns != before->created_ns ||
		    strcmp(segment->recording_id, before->recording_id)) {
			recording->segments[++kept] = *segment;
			continue;
		}
		if (holds_more(segment, before)) {
			segment_free(before);
			*before = *segment;
		} else {
			segment_free(segment);
		}
	}
	recording->segment_count = kept + 1;
}

/* Segments of a recording are numbered without gaps: what is between two of them is missing. */
static void note_gaps(struct recording *recording)
{
	for (size_t i = 1; i < recording->segment_count; i++) {
		const struct recording_segment *before = &recording->segments[i - 1];
		const struct recording_segment *segment = &recording->segments[i];
		uint32_t step = segment->sequence - before->sequence;

		if (!strcmp(before->recording_id, segment->recording_id) && step > 1)
			recording_add_note(recording, "%s: %u segment%s before it %s missing",
					   segment->path, step - 1, step == 2 ? "" : "s",
					   step == 2 ? "is" : "are");
	}
}

static char *join_notes(const struct recording *recording)
{
	size_t size = 1;
	char *text, *end;

	for (size_t i = 0; i < recording->notes.count; i++)
		size += strlen(recording->notes.texts[i]) + 1;
	end = text = malloc(size);
	if (!text)
		return NULL;
	*text = 0;
	for (size_t i = 0; i < recording->notes.count; i++)
		end += sprintf(end, "%s%s", i ? "\n" : "", recording->notes.texts[i]);
	return text;
}

int recording_open(const char *const *paths, size_t count, struct recording **out,
		   char **problem)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	int error = -ENOENT;

	if (!recording)
		goto fail;
	for (size_t i = 0; i < count; i++) {
		int path_error = add_path(recording, paths[i], count > 1);

		if (path_error == -ENOMEM)
			goto fail;
		if (path_error)
			error = path_error;
	}
	if (!recording->segment_count)
		goto fail;
	qsort(recording->segments, recording->segment_count, sizeof(*recording->segments),
	      compare);
	drop_copies(recording);
	note_gaps(recording);
	for (size_t i = 0; i < recording->segment_count; i++)
		recording->open_count += recording->segments[i].reader != NULL;
	*out = recording;
	return 0;
fail:
	if (problem)
		*problem = recording && recording->notes.count ? join_notes(recording)
							       : strdup("out of memory");
	recording_close(recording);
	return recording ? error : -ENOMEM;
}

size_t recording_segment_count(const struct recording *recording)
{
	return recording->segment_count;
}

const struct recording_segment *recording_segment(const struct recording *recording, size_t i)
{
	return &recording->segments[i];
}

/* Close the sealed segment that has not been used for the longest time. */
static void close_one(struct recording *recording)
{
	struct recording_segment *oldest = NULL;

	for (size_t i = 0; i < recording->segment_count; i++) {
		struct recording_segment *segment = &recording->segments[i];

		if (segment->reader && segment_is_sealed(segment->reader) &&
		    (!oldest || segment->used < oldest->used))
			oldest = segment;
	}
	if (!oldest)
		return;
	segment_reader_close(oldest->reader);
	oldest->reader = NULL;
	recording->open_count--;
}

struct segment_reader *recording_reader(struct recording *recording, size_t i)
{
	struct recording_segment *segment = &recording->segments[i];
	char *problem = NULL;
	int error;

	segment->used = ++recording->uses;
	/* Of many open segments one is decoded at a time. */
	if (recording->reading != i && recording->reading < recording->segment_count &&
	    recording->segments[recording->reading].reader)
		segment_rest(recording->segments[recording->reading].reader);
	recording->reading = i;
	if (segment->reader || segment->is_lost)
		return segment->reader;
	if (recording->open_count >= RECORDING_OPEN)
		close_one(recording);
	error = segment_open(segment->path, &segment->reader, &problem);
	if (error) {
		segment->is_lost = 1;
		recording_add_note(recording, "%s; no row of it is used",
				   problem ? problem : strerror(-error));
		free(problem);
		return NULL;
	}
	recording->open_count++;
	return segment->reader;
}

size_t recording_open_count(const struct recording *recording)
{
	return recording->open_count;
}

size_t recording_catalog_count(const struct recording *recording)
{
	return recording->place_count;
}

struct catalog *recording_catalog(const struct recording *recording, size_t i, size_t *count)
{
	*count = recording->places[i]->listing.count;
	return recording->places[i]->catalog;
}

size_t recording_note_count(const struct recording *recording)
{
	return recording->notes.count;
}

const char *recording_note(const struct recording *recording, size_t i)
{
	return recording->notes.texts[i];
}

int recording_is_partial(const struct recording *recording)
{
	return recording->partial;
}
