/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sightings that a recording lacks: those that the recorder counted as lost, at any stage,
 * and those that could not be read.
 *
 * What was left out on purpose, by a filter or as not in a sample, is not lost.
 */
#ifndef ANALYZER_MODELS_LOSSES_H
#define ANALYZER_MODELS_LOSSES_H

#include "analyzer/recording.h"

#include <sqlite3.h>

struct losses;

/*
 * Of one recording, as far as it has been read by now. The database is that of the recording.
 * Returns an SQLite result code.
 */
int losses_read(sqlite3 *database, struct recording *recording, const char *recording_id,
		struct losses **out);
void losses_free(struct losses *losses);

uint64_t losses_count(const struct losses *losses);

/*
 * The most that can be of the span: of a loss no instant is known, but the time between two
 * looks at a counter, or more.
 */
uint64_t losses_within(const struct losses *losses, uint64_t first_ns, uint64_t last_ns);

/* Whether there are no others, whose number nobody knows. */
int losses_are_all(const struct losses *losses);

/* How many sightings are there, and how many there were to be, as far as the account tells. */
uint64_t losses_stored(const struct losses *losses);
uint64_t losses_attempted(const struct losses *losses);

/* Whether some are stored that cannot be read. */
int losses_are_damage(const struct losses *losses);

#endif
