/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A working copy of a segment with its journal.
 */
#include "schema/working_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_SIZE (1U << 20)

struct working_copy {
	char *directory;
	char *path;
};

static int write_all(int to, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(to, bytes, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

static int copy_bytes(int from, int to)
{
	char *piece = malloc(PIECE_SIZE);
	ssize_t got = 1;
	int error = piece ? 0 : -ENOMEM;

	while (!error && got) {
		got = read(from, piece, PIECE_SIZE);
		if (got > 0)
			error = write_all(to, piece, (size_t)got);
		else if (got < 0 && errno != EINTR)
			error = -errno;
	}
	free(piece);
	return error;
}

static int copy_file(const char *from_path, const char *to_path)
{
	int from = open(from_path, O_RDONLY | O_CLOEXEC), to, error;

	if (from < 0)
		return -errno;
	to = open(to_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	error = to < 0 ? -errno : copy_bytes(from, to);
	close(from);
	if (to >= 0 && close(to) && !error)
		error = -errno;
	return error;
}

/* The name of a file that SQLite keeps beside a database. */
static int beside(const char *path, const char *suffix, char **out)
{
	return asprintf(out, "%s%s", path, suffix) < 0 ? -ENOMEM : 0;
}

static int copy_beside(const char *from, const char *to, const char *suffix)
{
	char *from_path = NULL, *to_path = NULL;
	int error = beside(from, suffix, &from_path);

	if (!error)
		error = beside(to, suffix, &to_path);
	if (!error)
		error = copy_file(from_path, to_path);
	free(from_path);
	free(to_path);
	return error;
}

int working_copy_make(const char *path, struct working_copy **out)
{
	const char *where = getenv("TMPDIR");
	struct working_copy *copy = calloc(1, sizeof(*copy));
	int error = -ENOMEM;

	if (!copy)
		return -ENOMEM;
	if (asprintf(&copy->directory, "%s/flowplay.XXXXXX", where && *where ? where : "/tmp") <
	    0)
		copy->directory = NULL;
	else if (!mkdtemp(copy->directory)) {
		error = -errno;
		free(copy->directory);
		copy->directory = NULL;
	} else if (asprintf(&copy->path, "%s/segment", copy->directory) < 0)
		copy->path = NULL;
	if (copy->path) {
		error = copy_file(path, copy->path);
		if (!error)
			error = copy_beside(path, copy->path, "-wal");
	}
	if (error) {
		working_copy_remove(copy);
		return error;
	}
	*out = copy;
	return 0;
}

const char *working_copy_path(const struct working_copy *copy)
{
	return copy->path;
}

void working_copy_remove(struct working_copy *copy)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char *file;

	for (int i = 0; copy->path && i < 3; i++)
		if (!beside(copy->path, suffixes[i], &file)) {
			unlink(file);
			free(file);
		}
	if (copy->directory)
		rmdir(copy->directory);
	free(copy->path);
	free(copy->directory);
	free(copy);
}
