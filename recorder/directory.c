/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a recording that is being written.
 */
#include "recorder/directory.h"
#include "schema/segment_reader.h"
#include "schema/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDING_ID_BYTES 16
#define SEQUENCE_LIMIT	   1000000000U

/* What a file name of ours says. */
enum kind { NOT_OURS, SEALED, LIVE, LIVE_JOURNAL, SEALING };

static const struct ending {
	const char *text;
	enum kind kind;
} endings[] = {
	{SEGMENT_SUFFIX, SEALED},
	{SEGMENT_LIVE_SUFFIX, LIVE},
	{SEGMENT_LIVE_SUFFIX "-wal", LIVE_JOURNAL},
	{SEGMENT_LIVE_SUFFIX "-shm", LIVE_JOURNAL},
	{SEGMENT_SUFFIX SEGMENT_SEALING_SUFFIX, SEALING},
};

struct found {
	uint32_t sequence;
	enum kind kind;
	const char *ending;
};

struct directory {
	char *path;
	char recording_id[2 * RECORDING_ID_BYTES + 1];
	uint32_t sequence;	       /* the newest that is there */
	char digest[SEAL_DIGEST_SIZE]; /* of the newest sealed segment that has one, or "" */
	uint32_t *unsealed;
	size_t unsealed_count;
};

static struct found parse_name(const char *name)
{
	struct found found = {0};
	unsigned long number;
	char *end;

	if (name[0] < '0' || name[0] > '9')
		return found;
	errno = 0;
	number = strtoul(name, &end, 10);
	if (errno || !number || number >= SEQUENCE_LIMIT)
		return found;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (!strcmp(end, endings[i].text))
			found = (struct found){(uint32_t)number, endings[i].kind,
					       endings[i].text};
	return found;
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

static void file_path(const struct directory *directory, uint32_t sequence, const char *ending,
		      char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%06u%s", directory->path, sequence, ending);
}

void directory_live_path(const struct directory *directory, uint32_t sequence,
			 char path[PATH_MAX])
{
	file_path(directory, sequence, SEGMENT_LIVE_SUFFIX, path);
}

void directory_sealed_path(const struct directory *directory, uint32_t sequence,
			   char path[PATH_MAX])
{
	file_path(directory, sequence, SEGMENT_SUFFIX, path);
}

/* --- what is there --- */

struct listing {
	struct found *files; /* in ascending order, a segment's journal before itself */
	size_t count;
	int holds_segments; /* of whatever name */
};

static int compare(const void *a, const void *b)
{
	const struct found *left = a, *right = b;

	if (left->sequence != right->sequence)
		return left->sequence < right->sequence ? -1 : 1;
	return (int)right->kind - (int)left->kind;
}

static int list(const struct directory *directory, struct listing *listing)
{
	DIR *entries = opendir(directory->path);
	struct dirent *entry;
	struct found found, *files;
	int error = 0;

	if (!entries)
		return -errno;
	while (errno = 0, (entry = readdir(entries))) {
		listing->holds_segments |= is_segment(entry->d_name);
		found = parse_name(entry->d_name);
		if (found.kind == NOT_OURS)
			continue;
		files = realloc(listing->files, (listing->count + 1) * sizeof(*files));
		if (!files) {
			errno = ENOMEM;
			break;
		}
		listing->files = files;
		files[listing->count++] = found;
	}
	error = -errno;
	closedir(entries);
	if (listing->count)
		qsort(listing->files, listing->count, sizeof(*listing->files), compare);
	return error;
}

/* A file on which whoever makes it holds no lock any more. */
static void remove_leftover(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (file < 0)
		return;
	if (!flock(file, LOCK_EX | LOCK_NB))
		unlink(path);
	close(file);
}

static int count_damage(void *context, const struct damage *damage)
{
	return 1; /* one is enough */
}

static int is_sound(const char *path)
{
	struct verify_summary summary;
	char *problem = NULL;
	int error = segment_verify(path, count_damage, NULL, &summary, &problem);

	free(problem);
	return !error && summary.is_sealed;
}

/*
 * A live segment stands beside its sealed one when the recorder was stopped just between. Its
 * journal goes first: a live file without one would be half a segment only if it were read.
 */
static void remove_leftovers(const struct directory *directory, const struct listing *listing)
{
	char path[PATH_MAX], twin[PATH_MAX];

	for (size_t i = 0; i < listing->count; i++) {
		const struct found *file = &listing->files[i];

		file_path(directory, file->sequence, file->ending, path);
		directory_sealed_path(directory, file->sequence, twin);
		if (file->kind == SEALING)
			remove_leftover(path);
		else if (file->kind != SEALED && is_sound(twin))
			unlink(path);
	}
}

/* What is in a segment that can be read. */
struct glance {
	char recording_id[2 * RECORDING_ID_BYTES + 1]; /* "" where it is not one of ours */
	int is_finished;
};

static int look_into(const char *path, struct glance *glance)
{
	struct segment_reader *segment;
	sqlite3_stmt *statement = NULL;
	char *problem = NULL;
	const char *id;

	*glance = (struct glance){0};
	if (segment_open(path, &segment, &problem)) {
		free(problem);
		return 0;
	}
	glance->is_finished = segment_is_finished(segment);
	if (!sqlite3_prepare_v2(segment_database(segment), "SELECT recording_id FROM segment",
				-1, &statement, NULL) &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		id = (const char *)sqlite3_column_text(statement, 0);
		if (id && strlen(id) == sizeof(glance->recording_id) - 1)
			memcpy(glance->recording_id, id, sizeof(glance->recording_id));
	}
	sqlite3_finalize(statement);
	segment_reader_close(segment);
	return 1;
}

static int add_unsealed(struct directory *directory, uint32_t sequence)
{
	size_t size = (directory->unsealed_count + 1) * sizeof(*directory->unsealed);
	uint32_t *grown = realloc(directory->unsealed, size);

	if (!grown)
		return -ENOMEM;
	memmove(grown + 1, grown, size - sizeof(*grown));
	grown[0] = sequence;
	directory->unsealed = grown;
	directory->unsealed_count++;
	return 0;
}

/*
 * From the newest segment back to the newest sealed one: how the recording goes on. A segment
 * that cannot be read any more does not keep us from that.
 */
static int take_up(struct directory *directory, const struct listing *listing)
{
	struct glance glance;
	char path[PATH_MAX], twin[PATH_MAX];
	int has_id = 0, error = 0;

	for (size_t i = listing->count; i-- > 0 && !error && !(has_id && *directory->digest);) {
		const struct found *file = &listing->files[i];

		if (file->kind != SEALED && file->kind != LIVE)
			continue;
		file_path(directory, file->sequence, file->ending, path);
		if (!look_into(path, &glance))
			continue;
		if (!has_id && *glance.recording_id) {
			memcpy(directory->recording_id, glance.recording_id,
			       sizeof(directory->recording_id));
			has_id = 1;
		}
		directory_sealed_path(directory, file->sequence, twin);
		if (file->kind == SEALED && !*directory->digest)
			segment_digest(path, directory->digest);
		else if (file->kind == LIVE && glance.is_finished && !*directory->digest &&
			 access(twin, F_OK))
			error = add_unsealed(directory, file->sequence);
	}
	return error;
}

static int begin(struct directory *directory, int append, int *holds_segments)
{
	struct listing listing = {0};
	int error = list(directory, &listing);

	*holds_segments = listing.holds_segments;
	if (!error && append) {
		remove_leftovers(directory, &listing);
		error = take_up(directory, &listing);
	}
	/* A journal alone takes up its number as well: it is not for a new file. */
	for (size_t i = 0; i < listing.count; i++)
		if (listing.files[i].kind != SEALING)
			directory->sequence = listing.files[i].sequence;
	free(listing.files);
	return error;
}

int directory_open(const char *path, int append, struct directory **out, char *problem,
		   size_t problem_size)
{
	struct directory *directory = calloc(1, sizeof(*directory));
	int holds_segments = 0, error = directory ? 0 : -ENOMEM;

	if (!error && !(directory->path = strdup(path)))
		error = -ENOMEM;
	if (!error && strlen(path) > PATH_MAX - 40)
		error = -ENAMETOOLONG;
	if (!error && mkdir(path, 0700) && errno != EEXIST)
		error = -errno;
	if (!error)
		error = make_id(directory->recording_id);
	if (!error)
		error = begin(directory, append, &holds_segments);
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
	*out = directory;
	return 0;
}

void directory_free(struct directory *directory)
{
	if (!directory)
		return;
	free(directory->unsealed);
	free(directory->path);
	free(directory);
}

const char *directory_newest_digest(const struct directory *directory)
{
	return *directory->digest ? directory->digest : NULL;
}

const uint32_t *directory_unsealed(const struct directory *directory, size_t *count)
{
	*count = directory->unsealed_count;
	return directory->unsealed;
}

/* A number is taken by a sealed segment as well, also by one that was sealed just now. */
static int create(const struct directory *directory, const struct segment_identity *identity,
		  const char *live_path, struct segment_writer **out)
{
	char sealed_path[PATH_MAX];
	int error = segment_create(live_path, identity, out);

	if (error)
		return error;
	directory_sealed_path(directory, identity->sequence, sealed_path);
	if (access(sealed_path, F_OK))
		return 0;
	segment_close(*out);
	unlink(live_path);
	return -EEXIST;
}

int directory_create_segment(struct directory *directory, struct segment_identity *identity,
			     struct segment_writer **out, char *problem, size_t problem_size)
{
	struct segment_writer *segment;
	char path[PATH_MAX];
	int error;

	identity->recording_id = directory->recording_id;
	do {
		identity->sequence = ++directory->sequence;
		directory_live_path(directory, identity->sequence, path);
		error = create(directory, identity, path, &segment);
	} while (error == -EEXIST && directory->sequence < SEQUENCE_LIMIT);
	if (error) {
		directory->sequence--;
		snprintf(problem, problem_size, "%s: %s", path, strerror(-error));
		return error;
	}
	*out = segment;
	return 0;
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
