/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in aligned columns, as text or as a Markdown table; or upright, a line for each value.
 */
#ifndef ANALYZER_GRID_H
#define ANALYZER_GRID_H

#include "analyzer/render.h"

/* Step through a statement and print its rows. Return SQLITE_DONE or SQLite's error. */
int grid_print(struct render *render, sqlite3_stmt *statement);
int grid_print_upright(struct render *render, sqlite3_stmt *statement);

#endif
