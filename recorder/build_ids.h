/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build ids of executables, read by threads of their own: who asks never waits for a file.
 * Each file is read once.
 */
#ifndef RECORDER_BUILD_IDS_H
#define RECORDER_BUILD_IDS_H

#include "recorder/build_id.h"
#include "recorder/executable.h"

#include <stdint.h>

struct build_ids;

/* What became of the files that were asked for; the rest is still being read. */
struct build_id_counts {
	uint64_t asked;
	uint64_t found;
	uint64_t none;	     /* a file without a build id */
	uint64_t unreadable; /* not found any more, or not allowed; may be asked again */
	uint64_t refused;    /* too many waited; may be asked again */
};

/*
 * read gives an executable's build id: 0, -ENOENT or -ENOEXEC when it has none, -ENOANO when
 * its file cannot be had. NULL: build_ids_read. NULL is returned when memory is short.
 */
struct build_ids *build_ids_new(int (*read)(const struct executable *executable,
					    char id[BUILD_ID_SIZE]));

/* What still waits for a file after a second is left behind: it is freed when that ends. */
void build_ids_free(struct build_ids *build_ids);

int build_ids_read(const struct executable *executable, char id[BUILD_ID_SIZE]);

/* Have a file read, unless it has been, or is to be already. */
void build_ids_ask(struct build_ids *build_ids, const struct executable *executable);

/* Returns 1 and fills id, 0: there is none, or nobody knows; -EAGAIN: it is being read. */
int build_ids_get(struct build_ids *build_ids, const struct file_identity *identity,
		  char id[BUILD_ID_SIZE]);

/* Wait until nothing is being read, for so long at most; not at all for a file that hangs. */
void build_ids_wait(struct build_ids *build_ids, uint64_t most_ns);

struct build_id_counts build_ids_counts(struct build_ids *build_ids);

#endif
