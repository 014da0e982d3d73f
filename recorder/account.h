/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of each stage before the recorder's own: what came in equals what was stored,
 * excluded and lost.
 */
#ifndef RECORDER_ACCOUNT_H
#define RECORDER_ACCOUNT_H

#include "recorder/ledger.h"
#include "recorder/probes.h"
#include "recorder/process_table.h"

struct account;

struct account_options {
	struct ledger *ledger; /* all borrowed */
	struct probes *probes;
	struct process_table *processes;
	int64_t epoch_offset_ns; /* from the boot clock */
	int has_sightings;
};

/* NULL when memory is short. */
struct account *account_new(const struct account_options *options);
void account_free(struct account *account);

/* Enter into the ledger what was counted since the last look. */
void account_look(struct account *account);

/* Rows that a kind of rule (RULES_*) left out, in an account of its own. */
void account_exclude(struct account *account, uint32_t kind, const char *stream,
		     uint64_t count);

/* The same for one captured packet, which libpcap has counted. */
void account_exclude_captured(struct account *account, uint32_t kind);

#endif
