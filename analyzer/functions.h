/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQL functions beside SQLite's own:
 *
 *     rfc3339(ns [, digits])    '2026-11-20T19:00:00.123456789Z'; digits of the second, 9 by
 * default ip_in(address, prefix)    whether the address is in '10.0.0.0/8' or '2001:db8::/32'
 *     tcp_flags(number)         'SYN,ACK'
 *     arg_max(value, by)        aggregate: the value of the row where by is the greatest, of
 * those rows where neither is NULL
 */
#ifndef ANALYZER_FUNCTIONS_H
#define ANALYZER_FUNCTIONS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Returns an SQLite result code. */
int functions_register(sqlite3 *database);

#define FUNCTIONS_TIME_SIZE 40

/* An RFC 3339 UTC time with so many digits of the second, 0 to 9. */
void functions_rfc3339(int64_t time_ns, int digits, char text[FUNCTIONS_TIME_SIZE]);

#endif
