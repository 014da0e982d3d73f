/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says in one line whether a recording holds all of the span that it covers.
 */
#ifndef ANALYZER_COMPLETENESS_H
#define ANALYZER_COMPLETENESS_H

#include "analyzer/recording.h"

#include <sqlite3.h>

enum completeness {
	COMPLETE,   /* nothing lost, nothing missing */
	INCOMPLETE, /* the recorder knows what it missed */
	PARTIAL,    /* not all that was recorded could be read */
};

/*
 * What the line says; *line is malloc'd, ready for a terminal, and begins with "complete:",
 * "INCOMPLETE:" or "PARTIAL:". Returns an enum completeness or -ENOMEM or -EIO.
 */
int completeness_line(sqlite3 *database, const struct recording *recording, char **line);

#endif
