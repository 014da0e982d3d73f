/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the flow stream that a store is measured with: generated ones, or those of
 * segments. Only columns that some row fills are given to any store.
 */
#ifndef TESTDATA_BENCH_SEGMENT_ROWS_H
#define TESTDATA_BENCH_SEGMENT_ROWS_H

#include "schema/stream.h"

#include <arpa/inet.h>
#include <xxhash.h>

#define COLUMNS_MOST 64

struct rows {
	const struct stream *stream;
	struct flow_row *rows; /* their texts are the row set's own */
	size_t count;
	unsigned int
		columns[COLUMNS_MOST]; /* those that some row fills, as the stream has them */
	unsigned int column_count;
	char **texts;
	size_t text_count;
};

/* All zero; NULL when memory is short. Close with rows_free. */
struct rows *rows_new(size_t count);
void rows_free(struct rows *rows);

/* A copy of a text that lives as long as the rows; NULL when memory is short. */
const char *rows_text(struct rows *rows, const char *text, size_t size);

/* Find out which columns are filled; once, when the rows are there. */
void rows_find_columns(struct rows *rows);

/* The i-th filled column, and the value of one in a row. */
const struct column *rows_column(const struct rows *rows, unsigned int i);
uint64_t row_integer(const struct flow_row *row, const struct column *column);
const struct address *row_address(const struct flow_row *row, const struct column *column);
const char *row_text(const struct flow_row *row, const struct column *column);

/* An address as people write it: RFC 5952, IPv4 with dots. */
void address_text(const struct address *address, char text[INET6_ADDRSTRLEN]);

/* Both print what went wrong and return NULL. */
struct rows *rows_generate(size_t count);
struct rows *rows_read(char **paths, int count);

/*
 * A digest of all values, column by column in the order of rows->columns: integers as uint64_t,
 * addresses as 16 bytes, texts with the 0 byte that ends them (no text: only that).
 */
uint64_t rows_digest(const struct rows *rows);

#endif
