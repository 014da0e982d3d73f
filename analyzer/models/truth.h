/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which packet each sighting is truly of.
 *
 * The oracle is a stamp in the payload, which says so independently of every field that a model
 * may look at; where there is none, the recorder's packet_id does. Only UDP is told by stamps:
 * what TCP sends again carries the same one. A segment, a merged packet, a fragment, a tunnel's
 * packet and what it carries are views of their parent, not packets of their own, if the parent
 * has been seen; what TCP sends again is a packet of its own.
 */
#ifndef ANALYZER_MODELS_TRUTH_H
#define ANALYZER_MODELS_TRUTH_H

#include "analyzer/models/aging.h"
#include "analyzer/models/sighting.h"

/* A packet that was not seen for so long is another one: longer than queues hold packets. */
#define TRUTH_GAP_NS 4000000000ULL

/* "FL" in the upper 16 bits: by this a stamp is known when nobody says that there are stamps.
 */
#define TRUTH_STAMP_MARK 0x464cULL

enum truth_source {
	TRUTH_AUTO = 0, /* stamps that have the mark, else packet_id */
	TRUTH_PACKET_ID = 1,
	TRUTH_STAMP = 2, /* every datagram that is long enough is stamped */
};

/* Their words, as options take them; NULL ends them. */
extern const char *const truth_source_names[];

/* What happened to a packet since it was seen before. */
enum truth_change {
	CHANGE_FIRST,	     /* nothing: it was not */
	CHANGE_SWITCHED,     /* nothing that shows */
	CHANGE_ROUTED,	     /* its TTL is another */
	CHANGE_TRANSLATED,   /* its tuple is another */
	CHANGE_SEGMENTED,    /* this is a segment of it */
	CHANGE_MERGED,	     /* this was made from it and others */
	CHANGE_FRAGMENTED,   /* this is a fragment of it */
	CHANGE_ENCAPSULATED, /* it came out of a tunnel, or this is the tunnel's packet */
	TRUTH_CHANGES,
};

/* What is known of a packet. There are many: small is fast. */
struct truth_packet {
	uint64_t last_ns;
	uint32_t tuple; /* half of the digest of its tuple where it was last seen */
	uint8_t is_known : 1, is_view : 1;
	uint8_t is_piece : 1; /* the first fragment of a datagram that was never seen whole */
	uint8_t ttl, relation;
	/* From here on there is nothing but at the depth SIGHTING_WHOLE. */
	uint32_t network_namespace;
	uint32_t counted; /* a bit for each model that has counted it */
	uint64_t flow;	  /* digest of its tuple where it was first seen */
};

/* A view, and the packet that it is a view of. */
struct truth_view {
	uint64_t root;
};

struct truth {
	enum truth_source source;
	enum sighting_depth depth;
	struct aging packets, views;
	uint64_t turn_ns;
	/* Of the block: */
	struct truth_packet *packet[REPLAY_ROWS]; /* NULL: not known which packet it is */
	uint64_t key[REPLAY_ROWS];		  /* of it; 0: not known */
	unsigned char change[REPLAY_ROWS];	  /* enum truth_change */
	uint32_t previous_namespace[REPLAY_ROWS]; /* 0 where it is the first, or not whole */
};

/* For sightings that are read at this depth. Returns 0 or -ENOMEM. */
int truth_init(struct truth *truth, enum truth_source source, enum sighting_depth depth);
void truth_clear(struct truth *truth);

/* Resolve a block; what was resolved before is forgotten. Returns 0 or -ENOMEM. */
int truth_resolve(struct truth *truth, const struct sightings *sightings);

/* The key of a sighting's packet, not yet of its parent; 0: not known. */
uint64_t truth_key(enum truth_source source, const struct sightings *sightings, uint32_t i);

#endif
