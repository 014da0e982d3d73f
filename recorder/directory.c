/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a recording that is being written.
 */
#include "recorder/directory.h"
#include "schema/segment_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDING_ID_BYTES 16
#define SEQUENCE_LIMIT	   1000000000U

struct directory {
	char *path;
	char recording_id[2 * RECORDING_ID_BYTES + 1];
	uint32_t sequence; /* the newest that is there */
};

/* The number of a segment's file name; 0: it is no segment, or one of another name. */
static uint32_t parse_sequence(const char *name)
{
	char *end;
	unsigned long number;

	if (name[0] < '0' || name[0] > '9')
		return 0;
	errno = 0;
	number = strtoul(name, &end, 10);
	if (errno || number >= SEQUENCE_LIMIT || strcmp(end, SEGMENT_SUFFIX))
		return 0;
	return (uint32_t)number;
}

static int is_segment(const char *name)
{
	size_t size = strlen(name), suffix = strlen(SEGMENT_SUFFIX);

	return size >= suffix && !strcmp(name + size - suffix, SEGMENT_SUFFIX);
}

static int make_id(char id[2 * RECORDING_ID_BYTES + 1])
{
	uint8_t bytes[RECORDING_ID_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (int i = 0; i < RECORDING_ID_BYTES; i++)
		sprintf(id + 2 * i, "%02x", bytes[i]);
	return 0;
}

static void segment_file(const struct directory *directory, uint32_t sequence,
			 char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%06u" SEGMENT_SUFFIX, directory->path, sequence);
}

/* A segment that cannot be read any more does not keep us from going on. */
static void read_id(struct directory *directory)
{
	struct segment_reader *segment;
	sqlite3_stmt *statement = NULL;
	const char *id;
	char path[PATH_MAX], *problem;

	segment_file(directory, directory->sequence, path);
	if (segment_open(path, &segment, &problem)) {
		free(problem);
		return;
	}
	if (!sqlite3_prepare_v2(segment_database(segment), "SELECT recording_id FROM segment",
				-1, &statement, NULL) &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		id = (const char *)sqlite3_column_text(statement, 0);
		if (id && strlen(id) == sizeof(directory->recording_id) - 1)
			memcpy(directory->recording_id, id, sizeof(directory->recording_id));
	}
	sqlite3_finalize(statement);
	segment_reader_close(segment);
}

/* Whether there are segments, and the highest number among them. */
static int list(struct directory *directory, int *holds_segments)
{
	DIR *listing = opendir(directory->path);
	struct dirent *entry;
	uint32_t sequence;
	int error = 0;

	if (!listing)
		return -errno;
	while (errno = 0, (entry = readdir(listing))) {
		if (!is_segment(entry->d_name))
			continue;
		*holds_segments = 1;
		sequence = parse_sequence(entry->d_name);
		if (sequence > directory->sequence)
			directory->sequence = sequence;
	}
	error = -errno;
	closedir(listing);
	return error;
}

int directory_open(const char *path, int append, struct directory **out, char *problem,
		   size_t problem_size)
{
	struct directory *directory = calloc(1, sizeof(*directory));
	int holds_segments = 0, error = directory ? 0 : -ENOMEM;

	if (!error && !(directory->path = strdup(path)))
		error = -ENOMEM;
	if (!error && strlen(path) > PATH_MAX - 32)
		error = -ENAMETOOLONG;
	if (!error && mkdir(path, 0700) && errno != EEXIST)
		error = -errno;
	if (!error)
		error = list(directory, &holds_segments);
	if (!error)
		error = make_id(directory->recording_id);
	if (error) {
		snprintf(problem, problem_size, "%s: %s", path, strerror(-error));
	} else if (holds_segments && !append) {
		error = -EEXIST;
		snprintf(problem, problem_size, "%s: holds a recording already", path);
	}
	if (error) {
		directory_free(directory);
		return error;
	}
	if (directory->sequence)
		read_id(directory);
	*out = directory;
	return 0;
}

void directory_free(struct directory *directory)
{
	if (!directory)
		return;
	free(directory->path);
	free(directory);
}

int directory_create_segment(struct directory *directory, struct segment_identity *identity,
			     struct segment_writer **out, char *problem, size_t problem_size)
{
	char path[PATH_MAX];
	int error;

	identity->recording_id = directory->recording_id;
	do {
		identity->sequence = ++directory->sequence;
		segment_file(directory, identity->sequence, path);
		error = segment_create(path, identity, out);
	} while (error == -EEXIST && directory->sequence < SEQUENCE_LIMIT);
	if (error) {
		directory->sequence--;
		snprintf(problem, problem_size, "%s: %s", path, strerror(-error));
	}
	return error;
}

int directory_reserve(const struct directory *directory, uint64_t size_bytes)
{
	int error, file = open(directory->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file < 0)
		return -errno;
	if (!fallocate(file, 0, 0, (off_t)size_bytes))
		return file;
	error = -errno;
	close(file);
	return error;
}
