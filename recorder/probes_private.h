/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What probes.c, loader.c, attach.c and drain.c (takes what was counted) share.
 */
#ifndef RECORDER_PROBES_PRIVATE_H
#define RECORDER_PROBES_PRIVATE_H

#include "recorder/drop_reasons.h"
#include "recorder/flow_table.h"
#include "recorder/kernel_facts.h"
#include "recorder/live_capture.h"
#include "recorder/notices.h"
#include "recorder/probes.h"
#include "recorder/redirects.h"
#include "recorder/ring_level.h"
#include "recorder/tc_watch.h"

#include "schema/flow_hash.h"
#include "schema/rule.h"

#include <bpf/libbpf.h>

#include "bpf/flowtape.skel.h"

enum ring { RING_EVENTS, RING_PACKETS, RING_SIGHTINGS, RINGS };

/* Maps of which user space learns how many entries they have. */
enum known_map {
	KNOWN_FLOW_UNITS,   /* the most since the last time that was asked */
	KNOWN_RATES,	    /* at the last drain */
	KNOWN_TRANSLATIONS, /* at the last walk */
	KNOWN_MAPS
};

struct probes {
	struct flowtape_bpf *skeleton; /* NULL: no program is in the kernel */
	struct plan plan;
	struct bpf_link *links[PLAN_MOST][ALTERNATIVE_PROGRAMS]; /* beside the plan's lines */
	struct filter *filter;
	struct tc_watch *tc;	      /* NULL: nothing is attached there */
	uint64_t unwatched_packets;   /* of watches that are over */
	struct redirects *redirects;  /* NULL: not in the plan */
	struct notices *notices;      /* of ctnetlink; NULL: not in the plan */
	struct live_capture *capture; /* NULL: programs see the packets */
	struct kernel_facts *facts;   /* NULL: attached once only */
	int load_error;		      /* the kernel's last word against the programs */
	int statistics;		      /* descriptor for which the kernel keeps them, or -1 */
	struct ring_level *levels[RINGS];
	uint64_t passed; /* events, so far */
	uint64_t entries[KNOWN_MAPS];
	struct ring_buffer *ring;
	struct ring_buffer *sighting_ring; /* NULL: nobody has read there yet */
	int (*sighting)(void *context, const struct sighting_event *event);
	void *sighting_context;
	unsigned int sightings_left; /* to be read */
	int (*event)(void *context, void *record, size_t size);
	void *context;
	unsigned int cpu_count;
	uint64_t *counters;
	uint64_t *row; /* one row of them, as the kernel has it */
	struct flow_hash_seed seed;
	struct drop_reasons *drop_reasons;
	struct flow_table *flows;
};

/* --- loader.c --- */

/*
 * Choose, and load the programs of what is chosen; where the kernel refuses one, choose again.
 * On failure *problem is one line that the caller frees.
 */
int loader_load(struct probes *probes, const struct probes_options *options,
		struct kernel_facts *facts, char **problem);
void loader_close(struct probes *probes);

/* Not 0, and told as the problem, when a required feature has no alternative left. */
int loader_find_missing(struct probes *probes, char **problem);

/* A program of an alternative; NULL: it has no more. */
struct bpf_program *loader_program(const struct flowtape_bpf *skeleton,
				   const struct alternative *alternative, int i);

/* --- attach.c --- */

/* Attach what is chosen. Returns how many were refused that others could take the place of. */
int attach_chosen(struct probes *probes, struct kernel_facts *facts);

/* Attach the TC programs that are chosen, if any, to every interface. */
int attach_tc(struct probes *probes);

/* Add to the explanations what is known only now: on how many interfaces TC programs are. */
void attach_explain(struct probes *probes);

#endif
