/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats that recordings are exported to: each is one file, export_NAME.c.
 */
#ifndef ANALYZER_EXPORT_H
#define ANALYZER_EXPORT_H

#include "analyzer/progress.h"
#include "analyzer/recording.h"

#include <sqlite3.h>

struct export_job {
	struct recording *recording;
	sqlite3 *database; /* with all tables of the recording */
	const char *path;  /* of the new file, empty, for us alone */
	struct progress progress;
	uint64_t rows; /* that were written, for the last line */
	unsigned int tables;
};

struct export_format {
	const char *name;
	const char *summary;
	/*
	 * Write all that can be read of the recording; what cannot is noted there. Returns 0 or
	 * a negative errno, -EINTR when SQLite was interrupted; *problem may get words, which
	 * the caller frees. What is in the file after a failure does not matter.
	 */
	int (*write)(struct export_job *job, char **problem);
};

extern const struct export_format export_sqlite;

#endif
