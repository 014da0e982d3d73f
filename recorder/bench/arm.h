/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arms of a paired experiment, and the order in which their runs come.
 *
 * The arm "off" records nothing and is the baseline; "off-again" is the same (A/A); "on" is
 * flowrec record as it is. Others are named by the user: NAME=OPTIONS are options of flowrec
 * record, NAME=!COMMAND is any other agent, run by the shell.
 */
#ifndef RECORDER_BENCH_ARM_H
#define RECORDER_BENCH_ARM_H

#include <stddef.h>
#include <stdint.h>

#define ARMS_MOST 16

enum arm_kind {
	ARM_NOTHING,
	ARM_RECORDER,
	ARM_COMMAND,
};

struct arm {
	char *name;
	const char *role; /* of struct workload_row */
	enum arm_kind kind;
	char *words; /* options of flowrec record, or a command for the shell; NULL: none */
};

struct arms {
	struct arm arm[ARMS_MOST];
	size_t count;
};

/*
 * Define an arm, as "NAME=OPTIONS" or "NAME=!COMMAND". Returns 0, -EINVAL where that is no such
 * thing, -EEXIST where the name is taken, -E2BIG or -ENOMEM.
 */
int arms_define(struct arms *arms, const char *definition);

/*
 * Keep the arms of a list "off,on,NAME", in its order; NULL: off, those that are defined (else
 * on), off-again. There must be a baseline: the arm "off", else the first of the list. Returns
 * 0, -ENOENT with *word set to a name that is not known, -EEXIST with one that comes twice,
 * -EINVAL where there are fewer than two, or -ENOMEM. The list is cut up.
 */
int arms_choose(struct arms *arms, char *list, const char **word);
void arms_free(struct arms *arms);

/*
 * The order of one pair: order[0..count-1] are indexes of arms, each once, drawn by the state
 * of a generator, which the caller has seeded. The same seed gives the same orders.
 */
void arms_shuffle(uint64_t *state, size_t count, size_t *order);

#endif
