/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter on the kernel side: settings, maps, and the program that follows cgroups.
 */
#ifndef RECORDER_FILTER_MAPS_H
#define RECORDER_FILTER_MAPS_H

#include "recorder/filter.h"

struct flowtape_bpf;

/* Before the object is loaded. filter NULL: everything is admitted, and nothing is made for it.
 */
void filter_maps_prepare(const struct filter *filter, struct flowtape_bpf *skeleton);

/*
 * When it is loaded, before anything is attached that asks the filter. Returns 0 or a negative
 * errno of a map, or of the program that follows cgroups.
 */
int filter_maps_fill(struct filter *filter, struct flowtape_bpf *skeleton);

/*
 * Follow namespaces that have a name: to be called now and then. Until then a new one is none
 * that the rules name.
 */
int filter_maps_follow(struct filter *filter, struct flowtape_bpf *skeleton);

#endif
