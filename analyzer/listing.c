/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment files that a path names.
 */
#include "analyzer/listing.h"

#include "schema/seal.h"
#include "schema/segment_writer.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ends_with(const char *name, const char *suffix)
{
	size_t size = strlen(name), suffix_size = strlen(suffix);

	return size > suffix_size && !strcmp(name + size - suffix_size, suffix);
}

int listing_is_live(const char *name)
{
	return ends_with(name, SEGMENT_LIVE_SUFFIX);
}

static int is_segment(const struct dirent *entry)
{
	return ends_with(entry->d_name, SEGMENT_SUFFIX);
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

/* Whether the directory also has the sealed segment of a live one. */
static int has_sealed(struct dirent **entries, int count, const char *live)
{
	size_t stem = strlen(live) - strlen(SEGMENT_LIVE_SUFFIX);

	for (int i = 0; i < count; i++)
		if (!strncmp(entries[i]->d_name, live, stem) &&
		    !strcmp(entries[i]->d_name + stem, SEGMENT_SUFFIX))
			return 1;
	return 0;
}

/* Takes path. A file that is gone again is left out. */
static void add(struct listing *listing, char *path)
{
	struct listing_file *file = &listing->files[listing->count];
	const char *slash = strrchr(path, '/');

	file->path = path;
	file->name = slash ? slash + 1 : path;
	if (stat(path, &file->status)) {
		memset(&file->status, 0, sizeof(file->status));
		if (errno == ENOENT && listing->directory) {
			free(path);
			return;
		}
	}
	listing->count++;
}

static int list_directory(const char *path, struct listing *listing, char **problem)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_segment, by_name), error = 0;
	const char *separator = path[0] && path[strlen(path) - 1] == '/' ? "" : "/";

	if (count < 0) {
		error = -errno;
		if (asprintf(problem, "%s: cannot be read: %s", path, strerror(-error)) < 0)
			*problem = NULL;
		return error;
	}
	if (!count) {
		if (asprintf(problem,
			     "%s: holds no *%s file; expected the directory of a recording",
			     path, SEGMENT_SUFFIX) < 0)
			*problem = NULL;
		error = -ENOENT;
	}
	listing->directory = strdup(path);
	listing->files = calloc((size_t)count + 1, sizeof(*listing->files));
	if (!error && (!listing->directory || !listing->files))
		error = -ENOMEM;
	for (int i = 0; i < count && !error; i++) {
		char *name;

		if (listing_is_live(entries[i]->d_name) &&
		    has_sealed(entries, count, entries[i]->d_name))
			continue;
		if (asprintf(&name, "%s%s%s", path, separator, entries[i]->d_name) < 0)
			error = -ENOMEM;
		else
			add(listing, name);
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return error;
}

static int list_file(const char *path, struct listing *listing)
{
	char *copy = strdup(path);

	listing->files = calloc(1, sizeof(*listing->files));
	if (!copy || !listing->files) {
		free(copy);
		return -ENOMEM;
	}
	add(listing, copy);
	return 0;
}

int listing_make(const char *path, struct listing *out, char **problem)
{
	struct listing listing = {0};
	struct stat status;
	int error;

	*problem = NULL;
	if (stat(path, &status)) {
		error = -errno;
		if (asprintf(problem, "%s: %s; expected a recording (a directory of *%s files)",
			     path, strerror(-error), SEGMENT_SUFFIX) < 0)
			*problem = NULL;
		return error;
	}
	error = S_ISDIR(status.st_mode) ? list_directory(path, &listing, problem)
					: list_file(path, &listing);
	if (error)
		listing_free(&listing);
	else
		*out = listing;
	return error;
}

void listing_free(struct listing *listing)
{
	for (size_t i = 0; listing->files && i < listing->count; i++)
		free(listing->files[i].path);
	free(listing->files);
	free(listing->directory);
	*listing = (struct listing){0};
}

int listing_follow(struct listing_file *file)
{
	size_t size = strlen(file->path);
	struct stat status;
	char *path;

	if (!listing_is_live(file->name))
		return -ENOENT;
	size -= strlen(SEGMENT_LIVE_SUFFIX);
	if (asprintf(&path, "%.*s%s", (int)size, file->path, SEGMENT_SUFFIX) < 0)
		return -ENOMEM;
	if (stat(path, &status)) {
		free(path);
		return -ENOENT;
	}
	file->name = path + (file->name - file->path);
	file->status = status;
	free(file->path);
	file->path = path;
	return 0;
}

static int compare_name(const void *name, const void *file)
{
	return strcmp(name, ((const struct listing_file *)file)->name);
}

long listing_find(const struct listing *listing, const char *name)
{
	const struct listing_file *file = bsearch(name, listing->files, listing->count,
						  sizeof(*listing->files), compare_name);

	return file ? file - listing->files : -1;
}
