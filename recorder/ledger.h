/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of everything that could be lost: attempted = stored + excluded + lost, for each
 * stage and stream. Safe to use from any thread.
 *
 * Stages and reasons are string constants; the ledger keeps the pointers.
 */
#ifndef RECORDER_LEDGER_H
#define RECORDER_LEDGER_H

#include "schema/segment_writer.h"

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

/* Add to a stage's account. Sums are modulo 2^64: a negative amount takes back. */
void ledger_stage(struct ledger *ledger, const char *stage, const char *stream,
		  uint64_t attempted, uint64_t stored, uint64_t excluded);

/* Add count losses seen in [first_ns, last_ns], epoch time; cpu -1 where it does not apply. */
void ledger_loss(struct ledger *ledger, const char *stage, const char *stream,
		 const char *reason, int cpu, uint64_t first_ns, uint64_t last_ns,
		 uint64_t count);

uint64_t ledger_lost(struct ledger *ledger);

/* Write the accounts since the last ledger_rotate into the segment's tables stage and loss. */
int ledger_store(struct ledger *ledger, struct segment_writer *segment);

/* What the last ledger_store wrote has been committed. */
void ledger_committed(struct ledger *ledger);

/* A new segment begins: its accounts begin with what no committed segment has. */
void ledger_rotate(struct ledger *ledger);

#endif
