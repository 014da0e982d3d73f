/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the kernel's reasons for dropping packets. Each kernel numbers them anew, so
 * they come from the one that runs.
 */
#ifndef RECORDER_DROP_REASONS_H
#define RECORDER_DROP_REASONS_H

#include <stdint.h>

struct drop_reasons;
struct kernel_facts;

/* NULL when memory is short. What the kernel does not describe has no name. */
struct drop_reasons *drop_reasons_read(const struct kernel_facts *facts);
void drop_reasons_free(struct drop_reasons *reasons);

/* In lower case and without what all begin with: netfilter_drop. NULL: it has no name. */
const char *drop_reasons_name(const struct drop_reasons *reasons, uint32_t reason);

#endif
