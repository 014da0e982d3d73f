/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM identity: how the recorder knew which packet each sighting is of, and whether
 * the stamps in the payload agree. One row for each protocol, confidence and relation.
 *
 * A sighting is merged when its packet was seen with another stamp; a packet is split when its
 * stamp was seen with another packet, unless it is a view of its parent or was sent again,
 * which explains that.
 */
#include "analyzer/models/model_table.h"
#include "analyzer/models/options.h"
#include "analyzer/models/truth.h"

#include "schema/flow_hash.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#define IDENTITIES (IDENTITY_INFERRED + 1)
#define RELATIONS  (RELATION_AROUND + 1)
#define PROTOCOLS  256

static const char *const identity_names[IDENTITIES] = {NULL, "new", "exact", "same_head",
						       "inferred"};
static const char *const relation_names[RELATIONS] = {NULL,	"segment", "merge", "fragment",
						      "inside", "again",   "around"};
struct chosen {
	uint64_t truth;
};

static const struct option options[] = {
	{"truth", OPTION_WORD, offsetof(struct chosen, truth), 0, 0, truth_source_names},
};

struct count {
	uint64_t sightings, packets, packet_wire, bytes;
	uint64_t stamped, merged, split, explained;
};

/* What was seen beside a packet, or a stamp. */
struct other {
	uint64_t value;
};

struct identity {
	struct chosen chosen;
	struct aging packets, stamps;
	uint64_t turn_ns;
	struct count counts[PROTOCOLS][IDENTITIES][RELATIONS];
};

static int is_stamped(const struct identity *identity, uint64_t stamp)
{
	if (identity->chosen.truth == TRUTH_PACKET_ID)
		return 0;
	return stamp &&
	       (identity->chosen.truth == TRUTH_STAMP || stamp >> 48 == TRUTH_STAMP_MARK);
}

static void compare_stamps(struct identity *identity, struct count *count, struct other *known,
			   int is_new, uint64_t relation, uint64_t packet, uint64_t stamp)
{
	struct other *holder;
	int is_new_stamp;

	count->stamped++;
	if (is_new || !known->value)
		known->value = stamp;
	else if (known->value != stamp && !sighting_is_view(relation))
		count->merged++;
	holder = aging_get(&identity->stamps, flow_hash_mix(stamp), &is_new_stamp);
	if (is_new_stamp)
		holder->value = packet;
	if (!is_new || holder->value == packet)
		return;
	if (relation == RELATION_NONE)
		count->split++;
	else
		count->explained++;
}

static void take(struct identity *identity, const struct sightings *sightings, uint32_t i)
{
	uint64_t relation = sightings->column[SIGHTING_RELATION][i];
	uint64_t packet = sightings->column[SIGHTING_PACKET_ID][i];
	uint64_t stamp = sightings->column[SIGHTING_STAMP][i];
	struct count *count =
		&identity->counts[sightings->column[SIGHTING_PROTOCOL][i] % PROTOCOLS]
				 [sightings->column[SIGHTING_IDENTITY][i]][relation];
	struct other *known;
	int is_new;

	count->sightings++;
	if (!packet)
		return;
	known = aging_get(&identity->packets, flow_hash_mix(packet), &is_new);
	if (is_new) {
		count->packets++;
		count->packet_wire += sighting_wire_packets(sightings, i);
		count->bytes += sighting_wire_bytes(sightings, i);
	}
	if (is_stamped(identity, stamp))
		compare_stamps(identity, count, known, is_new, relation, packet, stamp);
}

static int replay_all(struct identity *identity, struct sighting_reader *reader)
{
	const struct sightings *sightings;
	int error;

	while (!(error = sighting_next(reader, &sightings))) {
		uint64_t now_ns = sightings->column[SIGHTING_TIME][0];

		if (now_ns >= identity->turn_ns) {
			aging_turn(&identity->packets);
			aging_turn(&identity->stamps);
			identity->turn_ns = now_ns + TRUTH_GAP_NS;
		}
		if (aging_reserve(&identity->packets, sightings->count) ||
		    aging_reserve(&identity->stamps, sightings->count))
			return -ENOMEM;
		for (uint32_t i = 0; i < sightings->count; i++)
			take(identity, sightings, i);
	}
	return error == -ENODATA ? 0 : error;
}

static void put_counts(struct model_rows *rows, const char *recording_id,
		       const struct identity *identity)
{
	for (uint64_t protocol = 0; protocol < PROTOCOLS; protocol++)
		for (int i = 0; i < IDENTITIES; i++)
			for (int j = 0; j < RELATIONS; j++) {
				const struct count *count = &identity->counts[protocol][i][j];

				if (!count->sightings)
					continue;
				model_put_text(rows, recording_id);
				model_put_integer(rows, protocol);
				model_put_text(rows, identity_names[i]);
				model_put_text(rows, relation_names[j]);
				model_put_integer(rows, count->sightings);
				model_put_integer(rows, count->packets);
				model_put_integer(rows, count->packet_wire);
				model_put_integer(rows, count->bytes);
				model_put_integer(rows, count->stamped);
				model_put_integer(rows, count->merged);
				model_put_integer(rows, count->split);
				model_put_integer(rows, count->explained);
			}
}

static int run(struct recording *recording, const char *recording_id,
	       const char *const *arguments, struct model_rows *rows, char **problem)
{
	struct identity *identity = calloc(1, sizeof(*identity));
	struct sighting_reader *reader = NULL;
	int error = -ENOMEM;

	if (identity)
		error = options_parse(arguments[0], options,
				      sizeof(options) / sizeof(options[0]), &identity->chosen,
				      problem);
	if (!error)
		error = aging_init(&identity->packets, sizeof(struct other));
	if (!error)
		error = aging_init(&identity->stamps, sizeof(struct other));
	if (!error)
		error = sighting_open(recording, recording_id, SIGHTING_WHOLE, NULL, 0,
				      &reader);
	if (!error)
		error = replay_all(identity, reader);
	if (!error)
		put_counts(rows, recording_id, identity);
	sighting_close(reader);
	if (identity) {
		aging_clear(&identity->packets);
		aging_clear(&identity->stamps);
	}
	free(identity);
	return error;
}

const struct model identity_table_model = {
	.name = "identity",
	.columns = "network_iana_number INTEGER, packet_identity TEXT, packet_relation TEXT, "
		   "sightings INTEGER, skbs INTEGER, packets INTEGER, bytes INTEGER, "
		   "stamped INTEGER, merged INTEGER, split INTEGER, explained INTEGER",
	.arguments = "options TEXT",
	.run = run,
};
