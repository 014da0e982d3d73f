/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One or more recordings, open for reading.
 */
#include "analyzer/recording.h"
#include "analyzer/functions.h"

#include "schema/segment_writer.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct recording {
	struct recording_segment *segments;
	size_t segment_count;
	char **notes;
	size_t note_count;
	int partial;
};

static void segment_free(struct recording_segment *segment)
{
	segment_reader_close(segment->reader);
	free((char *)segment->path);
	free((char *)segment->name);
	free((char *)segment->recording_id);
}

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	for (size_t i = 0; i < recording->segment_count; i++)
		segment_free(&recording->segments[i]);
	for (size_t i = 0; i < recording->note_count; i++)
		free(recording->notes[i]);
	free(recording->segments);
	free(recording->notes);
	free(recording);
}

static void add_line(struct recording *recording, char *line)
{
	char **notes;

	recording->partial = 1;
	for (size_t i = 0; line && i < recording->note_count; i++) {
		if (!strcmp(recording->notes[i], line)) {
			free(line);
			return;
		}
	}
	notes = line ? realloc(recording->notes, (recording->note_count + 1) * sizeof(*notes))
		     : NULL;
	if (!notes) {
		free(line);
		return;
	}
	recording->notes = notes;
	notes[recording->note_count++] = line;
}

void recording_add_note(struct recording *recording, const char *format, ...)
{
	va_list arguments;
	char *line = NULL;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		line = NULL;
	va_end(arguments);
	add_line(recording, line);
}

static uint64_t file_size(const char *path, const char *suffix)
{
	char *name = NULL;
	struct stat status;
	uint64_t size = 0;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
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
		result = segment->recording_id ? 0 : -ENOMEM;
	}
	sqlite3_finalize(statement);
	return result;
}

static void note_unfinished(struct recording *recording,
			    const struct recording_segment *segment)
{
	uint64_t covered_ns = segment_covered_ns(segment->reader);
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

/* Takes path. Returns an error only when nothing can be noted any more. */
static int add_segment(struct recording *recording, char *path, int whole_path)
{
	struct recording_segment segment = {.path = path}, *segments;
	const char *slash = strrchr(path, '/');
	char *problem = NULL;
	int error = segment_open(path, &segment.reader, &problem);

	if (error) {
		if (problem)
			add_line(recording, problem);
		else
			recording_add_note(recording, "%s: %s", path, strerror(-error));
		free(path);
		return error;
	}
	segment.name = strdup(whole_path || !slash ? path : slash + 1);
	segment.size_bytes = file_size(path, "") + file_size(path, "-wal");
	error = segment.name ? read_identity(&segment) : -ENOMEM;
	if (error) {
		recording_add_note(recording, "%s: damaged: its table segment cannot be read",
				   path);
		goto fail;
	}
	segments = realloc(recording->segments,
			   (recording->segment_count + 1) * sizeof(*segments));
	if (!segments) {
		error = -ENOMEM;
		goto fail;
	}
	recording->segments = segments;
	segments[recording->segment_count++] = segment;
	if (!segment_is_finished(segment.reader))
		note_unfinished(recording, &segment);
	return 0;
fail:
	segment_free(&segment);
	return error;
}

static int has_suffix(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name), suffix = strlen(SEGMENT_SUFFIX);

	return size > suffix && !strcmp(entry->d_name + size - suffix, SEGMENT_SUFFIX);
}

static int add_directory(struct recording *recording, const char *path, int whole_path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, has_suffix, alphasort), error = 0;
	const char *separator = path[0] && path[strlen(path) - 1] == '/' ? "" : "/";

	if (count < 0) {
		error = -errno;
		recording_add_note(recording, "%s: cannot be read: %s", path, strerror(errno));
		return error;
	}
	if (!count) {
		error = -ENOENT;
		recording_add_note(
			recording,
			"%s: holds no *%s file; expected the directory of a recording", path,
			SEGMENT_SUFFIX);
	}
	for (int i = 0; i < count; i++) {
		char *name;

		if (asprintf(&name, "%s%s%s", path, separator, entries[i]->d_name) < 0)
			error = -ENOMEM;
		else
			error = add_segment(recording, name, whole_path);
		free(entries[i]);
	}
	free(entries);
	return error;
}

static int add_path(struct recording *recording, const char *path, int whole_path)
{
	struct stat status;
	char *copy;

	if (stat(path, &status)) {
		int error = -errno;

		recording_add_note(recording,
				   "%s: %s; expected a recording (a directory of *%s files)",
				   path, strerror(-error), SEGMENT_SUFFIX);
		return error;
	}
	if (S_ISDIR(status.st_mode))
		return add_directory(recording, path, whole_path);
	copy = strdup(path);
	return copy ? add_segment(recording, copy, whole_path) : -ENOMEM;
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
		if (segment_covered_ns(segment->reader) > segment_covered_ns(before->reader)) {
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
			recording_add_note(recording,
					   "%s: the %u segments before it are missing",
					   segment->path, step - 1);
	}
}

static char *join_notes(const struct recording *recording)
{
	size_t size = 1;
	char *text, *end;

	for (size_t i = 0; i < recording->note_count; i++)
		size += strlen(recording->notes[i]) + 1;
	end = text = malloc(size);
	if (!text)
		return NULL;
	*text = 0;
	for (size_t i = 0; i < recording->note_count; i++)
		end += sprintf(end, "%s%s", i ? "\n" : "", recording->notes[i]);
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
	*out = recording;
	return 0;
fail:
	if (problem)
		*problem = recording && recording->note_count ? join_notes(recording)
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

size_t recording_note_count(const struct recording *recording)
{
	return recording->note_count;
}

const char *recording_note(const struct recording *recording, size_t i)
{
	return recording->notes[i];
}

int recording_is_partial(const struct recording *recording)
{
	return recording->partial;
}
