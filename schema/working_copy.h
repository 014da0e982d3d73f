/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A working copy of a segment with its journal, for evidence on a medium that cannot be
 * written: SQLite needs an index of the journal beside it.
 */
#ifndef SCHEMA_WORKING_COPY_H
#define SCHEMA_WORKING_COPY_H

struct working_copy;

/*
 * Copy the file and its journal into a private directory under $TMPDIR. Returns 0 or a negative
 * errno; then nothing is left there.
 */
int working_copy_make(const char *path, struct working_copy **out);

/* The copy's path, for as long as it is not removed. */
const char *working_copy_path(const struct working_copy *copy);

/* Remove it from the directory; whoever has its files open goes on reading them. */
void working_copy_remove(struct working_copy *copy);

#endif
