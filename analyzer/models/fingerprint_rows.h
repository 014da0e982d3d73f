/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of fingerprints as rows of a table.
 */
#ifndef ANALYZER_MODELS_FINGERPRINT_ROWS_H
#define ANALYZER_MODELS_FINGERPRINT_ROWS_H

#include "analyzer/models/fingerprint.h"
#include "analyzer/models/model_table.h"
#include "analyzer/models/recipe.h"

#define FINGERPRINT_COLUMNS                                                                   \
	"recipe TEXT, publication TEXT, fields TEXT, function TEXT, width_bits INTEGER, "     \
	"window_ns INTEGER, "                                                                 \
	"table_entries INTEGER, split TEXT, value TEXT, sightings INTEGER, packets INTEGER, " \
	"pairs INTEGER, claimed INTEGER, true_positives INTEGER, false_positives INTEGER, "   \
	"false_negatives INTEGER, packets_dismissed INTEGER, dismissed_rate REAL, "           \
	"precision REAL, precision_low REAL, precision_high REAL, recall REAL, "              \
	"recall_low REAL, recall_high REAL, f1 REAL, f1_low REAL, f1_high REAL, "             \
	"peak_entries INTEGER, state_bytes INTEGER, digest_bytes INTEGER, digest_ns REAL"

/* 1, 10, 100, 1000 and 2000 ms. */
void fingerprint_all_windows(struct fingerprint *fingerprint);

/* "10ms,2s". Returns 0, -EINVAL with *problem in one line that the caller frees, -ENOMEM. */
int fingerprint_parse_windows(struct fingerprint *fingerprint, const char *text,
			      char **problem);

/*
 * Append the rows of all windows: of the whole, and of all splits where is_split. recipe: the
 * one that it is, or NULL.
 */
void fingerprint_put(struct model_rows *rows, const char *recording_id,
		     const struct recipe *recipe, const char *fields,
		     const struct fingerprint *fingerprint,
		     const struct fingerprint_result *result, int is_split);

/* The whole score in one window. */
struct fingerprint_score fingerprint_sum(const struct fingerprint_result *result,
					 size_t window);

#endif
