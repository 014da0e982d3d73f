/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The designs that decide which sightings count, each replayed over the same sightings and
 * scored against the truth.
 */
#ifndef ANALYZER_MODELS_DEDUP_H
#define ANALYZER_MODELS_DEDUP_H

#include "analyzer/models/ledger.h"
#include "analyzer/models/sighting.h"
#include "analyzer/models/truth.h"

struct dedup_options {
	uint64_t cpus;
	uint64_t cache_entries; /* of a kernel map */
	uint64_t eviction_ns;
	const char *evict_at;	/* the first ones, for options_instant; NULL: none is given */
	uint64_t expiry_ns;	/* of what user space remembers; 0: two evictions */
	uint64_t sampling;	/* one of so many sightings, by chance */
	uint64_t window_ns;	/* of a content fingerprint */
	uint64_t slice_ns;	/* of a recorder's flow rows */
	uint64_t enrich_lag_ns; /* from a packet's sighting to what enriches its flow */
	uint64_t drain_ns;	/* to evict one flow */
	uint64_t fallback;	/* tell singly what the map has no room for */
	uint64_t first_come;	/* 1.7's deduper is on */
	uint64_t mark;		/* it forwards duplicates, marked */
	uint64_t merge;		/* it lists their interfaces */
	uint64_t loopback;	/* lo is looked at, too */
	uint64_t truth;		/* enum truth_source */
	struct ledger *ledger;	/* of a design that keeps flows, run alone; NULL: none */
};

extern const struct dedup_options dedup_defaults;

/* What only the design itself knows. */
struct dedup_effort {
	uint64_t records;
	uint64_t peak_entries, peak_bytes; /* of its maps in the kernel */
	uint64_t partial_flows;	    /* enriched, and not in the main map at that eviction */
	uint64_t interfaces_missed; /* as the design counts them */
	uint64_t map_full;	    /* sightings that found no room */
	uint64_t collisions;	    /* that it knows of */
};

struct dedup_model {
	const char *name;
	const char *meaning;
	int counts_frames; /* skbs with their link-layer header; else wire segments */
	int keeps_flows;   /* in the ledger */
	size_t state_size;
	/* All return 0 or -ENOMEM; end frees what the state holds, and may follow any of them.
	 */
	int (*begin)(void *state, const struct dedup_options *options);
	int (*sightings)(void *state, const struct sightings *sightings,
			 const struct truth *truth, unsigned char *is_counted);
	void (*end)(void *state, struct dedup_effort *effort);
};

/* In the order in which they are listed; NULL after the last. */
const struct dedup_model *dedup_model(size_t i);

/* The score of one design. */
struct dedup_result {
	const struct dedup_model *model;
	struct dedup_effort effort;
	uint64_t sightings_counted;
	uint64_t packets_counted, bytes_counted; /* as the design counts */
	uint64_t false_positives; /* packets taken for duplicates: never counted */
	uint64_t false_negatives; /* sightings counted though their packet had been */
	uint64_t flows_dismissed; /* of no packet anything was counted */
};

/* What is true. */
struct dedup_truth {
	uint64_t sightings;
	uint64_t unknown; /* of them, which packet it is is not known */
	uint64_t packets; /* distinct ones, as the kernel had them */
	uint64_t wire_packets, wire_bytes;
	uint64_t frame_bytes; /* where they were first seen, with the link-layer header */
	uint64_t flows; /* one direction of a tuple where a packet began, until 60 s without */
};

#define DEDUP_MODELS 16 /* the most in one run */

/*
 * Replay the sightings of one recording once, through so many models. results has room for as
 * many, and is in their order. Returns 0 or -ENOMEM.
 */
int dedup_run(struct recording *recording, const char *recording_id,
	      const struct dedup_options *options, const struct dedup_model *const *models,
	      size_t model_count, struct dedup_truth *out, struct dedup_result *results);

/* --- for the models --- */

/* Instants: first those of a list, then, or from the first sighting on, at a fixed distance. */
struct dedup_ticker {
	uint64_t interval_ns, next_ns; /* next_ns 0: not begun */
	const char *instants;	       /* behind next_ns, for options_instant; NULL: none */
};

struct dedup_ticker dedup_evictions(const struct dedup_options *options);

void dedup_begin_ticks(struct dedup_ticker *ticker, uint64_t first_ns);

/* One tick is done with; its instant. */
uint64_t dedup_tick(struct dedup_ticker *ticker);

/* How many ticks are due, all of them done with it. */
uint64_t dedup_due(struct dedup_ticker *ticker, uint64_t now_ns);

/* So many generations later: two of them forget all. */
void dedup_turn(struct aging *aging, uint64_t generations);

/* Whether a design that samples takes this sighting, its running number being row. */
int dedup_is_sampled(const struct dedup_options *options, uint64_t row);

/* Bytes of a kernel hash map's entry beside key and value: the element's head and its bucket.
 */
#define DEDUP_MAP_OVERHEAD 64

#define DEDUP_LOOPBACK 1 /* its interface index in every namespace */

extern const struct dedup_model dedup_raw;
extern const struct dedup_model dedup_netobserv_1_7;
extern const struct dedup_model dedup_netobserv_1_8;
extern const struct dedup_model dedup_netobserv_1_8_netns;
extern const struct dedup_model dedup_netobserv_poc;
extern const struct dedup_model dedup_content;
extern const struct dedup_model dedup_flowtape;

#endif
