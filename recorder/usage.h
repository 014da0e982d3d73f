/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process and its threads have used so far.
 */
#ifndef RECORDER_USAGE_H
#define RECORDER_USAGE_H

#include "recorder/cost_part.h"

#include <stddef.h>

/*
 * Fill up to most parts: each thread that is there (part "thread", by its name), then the
 * process (part "recorder", "flowrec") with the threads that are gone. Returns how many.
 */
size_t usage_read(struct cost_part *parts, size_t most);

#endif
