/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models as SQLite table-valued functions: a model gets its arguments as texts, and gives rows.
 *
 * Behind the columns of each model on packet sightings stand two more:
 *
 *     lost_sightings    how many the recording lacks of those that the row rests on
 *     complete          'yes', or 'no' where there are such, or may be (a missing segment, a
 *                       capture that ends too early)
 */
#ifndef ANALYZER_MODELS_MODEL_TABLE_H
#define ANALYZER_MODELS_MODEL_TABLE_H

#include "analyzer/recording.h"

#include "schema/stream.h"

#include <sqlite3.h>

#define MODEL_ARGUMENTS 4

struct model_rows;

/* Append one value to the rows, in the order of the columns. */
void model_put_integer(struct model_rows *rows, uint64_t value);
void model_put_real(struct model_rows *rows, double value);	/* NaN: NULL */
void model_put_text(struct model_rows *rows, const char *text); /* copied; NULL: NULL */

/* That there are no rows is an answer: nothing is remarked of a remedy. */
void model_none_is_an_answer(struct model_rows *rows);

struct model {
	const char *name;
	const char *columns;   /* "name TYPE, ..." */
	const char *arguments; /* the same; each may be left out */
	/*
	 * Which columns, counted from 1, say of what time a row is: it lacks what was lost
	 * then. 0: of all the recording.
	 */
	int start_column, end_column;
	int needs_packets; /* no rows where nobody knows which packet a sighting is of */
	/*
	 * What a model on another stream lacks when it has no rows, after "DIRECTORY holds ";
	 * NULL: it is a model on packet sightings.
	 */
	const char *remedy;
	enum stream_id stream; /* where there is a remedy */
	/*
	 * Append rows for one recording of those that are open. An argument that is left out is
	 * NULL. Returns 0, -EINVAL with *problem in one line that is freed here, -ENOMEM.
	 */
	int (*run)(struct recording *recording, const char *recording_id,
		   const char *const *arguments, struct model_rows *rows, char **problem);
};

/* Register all models. The recording is borrowed until the database is closed. */
int model_table_register(sqlite3 *database, struct recording *recording);

extern const struct model dedup_table_model;
extern const struct model dedup_flows_table_model;
extern const struct model fingerprint_table_model;
extern const struct model identity_table_model;
extern const struct model overhead_table_model;
extern const struct model rate_table_model;
extern const struct model sweep_table_model;

#endif
