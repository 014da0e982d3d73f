/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment files that a path names: those of a directory, in order of their names, or the
 * one file. Of a live segment and the sealed one that was made of it only the sealed one
 * counts.
 */
#ifndef ANALYZER_LISTING_H
#define ANALYZER_LISTING_H

#include <stddef.h>
#include <sys/stat.h>

struct listing_file {
	char *path;
	const char *name; /* the last part of path */
	struct stat status;
};

struct listing {
	char *directory; /* NULL: a single file was named */
	struct listing_file *files;
	size_t count;
};

/*
 * Returns 0, or a negative errno and *problem in one line, which the caller frees (NULL when
 * memory is short): -ENOENT when nothing is there or a directory holds no segment.
 */
int listing_make(const char *path, struct listing *out, char **problem);
void listing_free(struct listing *listing);

/*
 * A live segment is gone: when it has been sealed since it was listed, the file is the sealed
 * one from now on. Returns 0, -ENOENT, or -ENOMEM.
 */
int listing_follow(struct listing_file *file);

/* The number of the file of that name, or -1. */
long listing_find(const struct listing *listing, const char *name);

/* Whether the name is that of a segment that is being written, or was torn. */
int listing_is_live(const char *name);

#endif
