/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's reasons for dropping packets, from its enum skb_drop_reason.
 */
#include "recorder/drop_reasons.h"
#include "recorder/kernel_facts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REASONS_MOST 1024U /* far more than any kernel has; subsystems' own are beyond */

struct drop_reasons {
	char *names[REASONS_MOST];
	int error;
};

static int keep(void *context, const char *name, uint32_t number)
{
	static const char prefix[] = "SKB_DROP_REASON_";
	struct drop_reasons *reasons = context;
	char *copy;

	if (number >= REASONS_MOST || reasons->names[number] ||
	    strncmp(name, prefix, sizeof(prefix) - 1))
		return 0;
	copy = strdup(name + sizeof(prefix) - 1);
	if (!copy) {
		reasons->error = -ENOMEM;
		return 1;
	}
	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	reasons->names[number] = copy;
	return 0;
}

struct drop_reasons *drop_reasons_read(const struct kernel_facts *facts)
{
	struct drop_reasons *reasons = calloc(1, sizeof(*reasons));

	if (!reasons)
		return NULL;
	kernel_facts_each_value(facts, "skb_drop_reason", keep, reasons);
	if (!reasons->error)
		return reasons;
	drop_reasons_free(reasons);
	return NULL;
}

void drop_reasons_free(struct drop_reasons *reasons)
{
	if (!reasons)
		return;
	for (size_t i = 0; i < REASONS_MOST; i++)
		free(reasons->names[i]);
	free(reasons);
}

const char *drop_reasons_name(const struct drop_reasons *reasons, uint32_t reason)
{
	return reason < REASONS_MOST ? reasons->names[reason] : NULL;
}
