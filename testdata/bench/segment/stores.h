/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stores that the same rows are put into and read from: a segment, and plain SQLite rows.
 * Costs are seconds of CPU, user and system, of this process. All functions print what went
 * wrong and return nonzero then.
 */
#ifndef TESTDATA_BENCH_SEGMENT_STORES_H
#define TESTDATA_BENCH_SEGMENT_STORES_H

#include "testdata/bench/segment/rows.h"

#include <sqlite3.h>

double cpu_s(void);

struct segment_cost {
	double batch_s;	 /* rows into batches */
	double append_s; /* batches into a file, a commit each */
	double seal_s;	 /* that into a sealed file */
};

/* Write a sealed segment of these rows; a file that is there goes. */
int segment_store(const struct rows *rows, const char *path, struct segment_cost *cost);

/* Decode all filled columns, chunk after chunk as a query does, or each on its own. */
int segment_load(const struct rows *rows, const char *path, double *all_s);
int segment_load_columns(const struct rows *rows, const char *path, double *column_s);

/* rows_digest of what the file holds. */
int segment_rows_digest(const struct rows *rows, const char *path, uint64_t *out);

/* Bytes by filled column, and of the strings. */
int segment_sizes(const struct rows *rows, const char *path, uint64_t *column_bytes,
		  uint64_t *string_bytes);

/*
 * One SQLite table, 4 KiB pages, one transaction with neither journal nor sync; a file that is
 * there goes. Addresses are blobs of 16 bytes, or text. cost: of the transaction; the file is
 * vacuumed after it.
 */
int sqlite_store(const struct rows *rows, const char *path, int address_text, double *cost);

/* Read all columns of all rows into memory, and compare the numbers. */
int sqlite_load(const struct rows *rows, const char *path, double *cost);

#endif
