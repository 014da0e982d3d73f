/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which packet each sighting is truly of.
 */
#include "analyzer/models/truth.h"

#include "schema/flow_hash.h"

#include <errno.h>
#include <netinet/in.h>

const char *const truth_source_names[] = {
	[TRUTH_AUTO] = "auto",
	[TRUTH_PACKET_ID] = "packet_id",
	[TRUTH_STAMP] = "stamp",
	NULL,
};

#define TAG_STAMP (1ULL << 63)
#define AHEAD	  16 /* rows whose packets are on their way from memory */

static size_t packet_bytes(enum sighting_depth depth)
{
	return depth == SIGHTING_WHOLE ? sizeof(struct truth_packet)
				       : offsetof(struct truth_packet, network_namespace);
}

int truth_init(struct truth *truth, enum truth_source source, enum sighting_depth depth)
{
	truth->source = source;
	truth->depth = depth;
	truth->turn_ns = 0;
	memset(&truth->views, 0, sizeof(truth->views));
	if (aging_init(&truth->packets, packet_bytes(depth)))
		return -ENOMEM;
	return aging_init(&truth->views, sizeof(struct truth_view));
}

void truth_clear(struct truth *truth)
{
	aging_clear(&truth->packets);
	aging_clear(&truth->views);
}

/* Numbers that run, spread over all bits, one to one; never 0. */
static uint64_t spread(uint64_t id, uint64_t tag)
{
	uint64_t key = flow_hash_mix(id ^ tag);

	return key ? key : 1;
}

uint64_t truth_key(enum truth_source source, const struct sightings *sightings, uint32_t i)
{
	uint64_t stamp = sightings->column[SIGHTING_STAMP][i];
	uint64_t id = sightings->column[SIGHTING_PACKET_ID][i];
	int is_stamped = source == TRUTH_STAMP ||
			 (source == TRUTH_AUTO && stamp >> 48 == TRUTH_STAMP_MARK);

	if (stamp && is_stamped && sightings->column[SIGHTING_PROTOCOL][i] == IPPROTO_UDP)
		return spread(stamp, TAG_STAMP);
	return id ? spread(id, 0) : 0;
}

/* The key of the packet that has this packet_id, by itself or as a view; 0: it was not seen. */
static uint64_t root_of_id(const struct truth *truth, uint64_t id)
{
	uint64_t key = spread(id, 0);
	const struct truth_packet *packet = aging_find(&truth->packets, key);
	const struct truth_view *view = NULL;

	if (!packet || packet->is_view)
		view = aging_find(&truth->views, key);
	if (view && view->root)
		return view->root;
	return packet ? key : 0;
}

/* The same of the packet that the sighting's is a view of; pieces are none of each other. */
static uint64_t root_of_view(const struct truth *truth, uint64_t parent, uint64_t relation)
{
	uint64_t root = parent && sighting_is_view(relation) ? root_of_id(truth, parent) : 0;
	const struct truth_packet *packet;

	if (!root || relation != RELATION_FRAGMENT)
		return root;
	packet = aging_find(&truth->packets, root);
	return packet && packet->is_piece ? 0 : root;
}

/* A stamped packet can be a parent, too, which is named by its packet_id. */
static void enter_id(struct truth *truth, uint64_t id, uint64_t key)
{
	int is_new;
	struct truth_view *view;

	if (!id || spread(id, 0) == key)
		return;
	view = aging_get(&truth->views, spread(id, 0), &is_new);
	view->root = key;
}

/* The key of the packet that this one is a view of, or its own. */
static uint64_t find_root(struct truth *truth, const struct sightings *sightings, uint32_t i,
			  uint64_t key, struct truth_packet *packet, int is_new)
{
	uint64_t parent = sightings->column[SIGHTING_PARENT][i], root;
	struct truth_view *view;

	if (packet->is_view) {
		view = aging_get(&truth->views, key, &is_new);
		return view->root ? view->root : key;
	}
	if (!is_new)
		return key;
	root = root_of_view(truth, parent, sightings->column[SIGHTING_RELATION][i]);
	if (!root || root == key) {
		enter_id(truth, sightings->column[SIGHTING_PACKET_ID][i], key);
		return key;
	}
	packet->is_view = 1;
	view = aging_get(&truth->views, key, &is_new);
	view->root = root;
	return root;
}

static enum truth_change change(const struct truth_packet *packet, uint64_t tuple, uint64_t ttl,
				uint64_t relation)
{
	static const unsigned char views[] = {
		[RELATION_SEGMENT] = CHANGE_SEGMENTED,
		[RELATION_MERGE] = CHANGE_MERGED,
		[RELATION_FRAGMENT] = CHANGE_FRAGMENTED,
		[RELATION_INSIDE] = CHANGE_ENCAPSULATED,
		[RELATION_AROUND] = CHANGE_ENCAPSULATED,
	};

	if (relation != packet->relation && sighting_is_view(relation))
		return views[relation];
	if (relation != packet->relation && sighting_is_view(packet->relation))
		return views[packet->relation];
	if (relation == RELATION_SEGMENT || relation == RELATION_FRAGMENT)
		return views[relation]; /* perhaps of another piece */
	if (packet->tuple != (uint32_t)tuple)
		return CHANGE_TRANSLATED;
	return packet->ttl != ttl ? CHANGE_ROUTED : CHANGE_SWITCHED;
}

static inline __attribute__((always_inline)) struct truth_packet *
get_packet(struct truth *truth, uint64_t key, int *is_new, enum sighting_depth depth)
{
	return aging_get_sized(&truth->packets, key, is_new, packet_bytes(depth));
}

static inline __attribute__((always_inline)) void resolve(struct truth *truth,
							  const struct sightings *sightings,
							  uint32_t i, enum sighting_depth depth)
{
	uint64_t now_ns = sightings->column[SIGHTING_TIME][i];
	uint64_t relation = sightings->column[SIGHTING_RELATION][i];
	uint64_t ttl = sightings->column[SIGHTING_TTL][i];
	uint64_t key = truth->key[i];
	struct truth_packet *packet;
	uint64_t root;
	int is_new;

	truth->packet[i] = NULL;
	truth->change[i] = CHANGE_SWITCHED;
	truth->previous_namespace[i] = 0;
	if (!key)
		return;
	packet = get_packet(truth, key, &is_new, depth);
	root = packet->is_view || is_new ? find_root(truth, sightings, i, key, packet, is_new)
					 : key;
	if (root != key) {
		key = root;
		packet = get_packet(truth, key, &is_new, depth);
	}
	if (!packet->is_known || now_ns > packet->last_ns + TRUTH_GAP_NS) {
		packet->is_known = 1;
		packet->is_view = 0;
		packet->is_piece =
			relation == RELATION_FRAGMENT && !sightings->column[SIGHTING_PARENT][i];
		if (depth == SIGHTING_WHOLE) {
			packet->flow = sightings->tuple[i];
			packet->counted = 0;
		}
		truth->change[i] = CHANGE_FIRST;
	} else {
		truth->change[i] =
			(unsigned char)change(packet, sightings->tuple[i], ttl, relation);
		if (depth == SIGHTING_WHOLE)
			truth->previous_namespace[i] = packet->network_namespace;
	}
	packet->last_ns = now_ns;
	packet->relation = (uint8_t)relation;
	if (depth != SIGHTING_WHICH) {
		packet->tuple = (uint32_t)sightings->tuple[i];
		packet->ttl = (uint8_t)ttl;
	}
	if (depth == SIGHTING_WHOLE)
		packet->network_namespace = (uint32_t)sightings->column[SIGHTING_NAMESPACE][i];
	truth->packet[i] = packet;
	truth->key[i] = key;
}

static inline __attribute__((always_inline)) void
resolve_all(struct truth *truth, const struct sightings *sightings, enum sighting_depth depth)
{
	for (uint32_t i = 0; i < sightings->count; i++) {
		if (i + AHEAD < sightings->count)
			aging_prefetch(&truth->packets, truth->key[i + AHEAD]);
		resolve(truth, sightings, i, depth);
	}
}

int truth_resolve(struct truth *truth, const struct sightings *sightings)
{
	uint64_t now_ns = sightings->column[SIGHTING_TIME][0];

	if (now_ns >= truth->turn_ns) {
		aging_turn(&truth->packets);
		aging_turn(&truth->views);
		truth->turn_ns = now_ns + TRUTH_GAP_NS;
	}
	if (aging_reserve(&truth->packets, 2 * sightings->count) ||
	    aging_reserve(&truth->views, 2 * sightings->count))
		return -ENOMEM;
	for (uint32_t i = 0; i < sightings->count; i++)
		truth->key[i] = truth_key(truth->source, sightings, i);
	/* Three loops: what a depth leaves out costs nothing there. */
	switch (truth->depth) {
	case SIGHTING_WHICH:
		resolve_all(truth, sightings, SIGHTING_WHICH);
		break;
	case SIGHTING_CHANGE:
		resolve_all(truth, sightings, SIGHTING_CHANGE);
		break;
	case SIGHTING_WHOLE:
		resolve_all(truth, sightings, SIGHTING_WHOLE);
	}
	return 0;
}
