/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel has, read from its BTF and its symbols: cheap to ask before a program is
 * tried.
 */
#ifndef RECORDER_KERNEL_FACTS_H
#define RECORDER_KERNEL_FACTS_H

#include "recorder/plan.h"

#include <stdint.h>

struct kernel_facts;

/* What is not read is not known, and says no to nothing. NULL when memory is short. */
struct kernel_facts *kernel_facts_read(void);
void kernel_facts_free(struct kernel_facts *facts);

/* Whether the kernel proper has a function that BPF programs may call. */
int kernel_facts_have_function(const struct kernel_facts *facts, const char *name);

/* How many arguments a tracepoint of the kernel proper has; 0: not known. */
unsigned int kernel_facts_arguments(const struct kernel_facts *facts, const char *tracepoint);

/* Visit the values of an enum of the kernel proper, until the visitor returns not 0. */
void kernel_facts_each_value(const struct kernel_facts *facts, const char *enumeration,
			     int (*value)(void *context, const char *name, uint32_t number),
			     void *context);

/* Why this kernel cannot have the hook, or NULL: it may. Valid until the next call. */
const char *kernel_facts_against(struct kernel_facts *facts,
				 const struct alternative *alternative);

/*
 * The symbol of a function: its own, or that of a copy that the compiler made of it
 * (NAME.isra.0). NULL: there is none. Valid until the next call.
 */
const char *kernel_facts_symbol(struct kernel_facts *facts, const char *function);

#endif
