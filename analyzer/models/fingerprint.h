/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a fingerprint can be trusted: what it says of pairs of sightings, beside what is
 * true.
 *
 * A fingerprint claims that a sighting is of the same packet as the latest one with the same
 * digest, if that lies within the window and still stands in the table. True is that it is of
 * the same packet as the latest sighting of that packet. Of the sightings whose packet is
 * known,
 *
 *     true positive   claimed, and of that packet
 *     false positive  claimed, and of another
 *     false negative  seen before, and not claimed, or claimed to be another
 */
#ifndef ANALYZER_MODELS_FINGERPRINT_H
#define ANALYZER_MODELS_FINGERPRINT_H

#include "analyzer/models/digest.h"
#include "analyzer/models/truth.h"

#define FINGERPRINT_WINDOWS 8
#define FINGERPRINTS	    32 /* the most in one pass */

/* What a pair is told apart by. */
enum fingerprint_pair {
	PAIR_UNRELATED, /* different packets, which have nothing to do with each other */
	PAIR_SWITCHED,
	PAIR_ROUTED,
	PAIR_TRANSLATED,
	PAIR_SEGMENTED,
	PAIR_MERGED,
	PAIR_FRAGMENTED,
	PAIR_ENCAPSULATED,
	PAIR_SENT_AGAIN, /* different packets: TCP's retransmission */
	PAIR_SENT_TWICE, /* different packets of the same payload: the application's */
	FINGERPRINT_PAIRS,
};

enum fingerprint_protocol {
	PROTOCOL_TCP,
	PROTOCOL_UDP,
	PROTOCOL_ICMP, /* and ICMPv6 */
	PROTOCOL_OTHER,
	FINGERPRINT_PROTOCOLS,
};

#define FINGERPRINT_RATES 7 /* by tens, from below 100 packets a second on */

struct fingerprint_score {
	uint64_t sightings;
	uint64_t packets;   /* sightings that are the first of their packet */
	uint64_t dismissed; /* of them, how many were claimed to be known */
	uint64_t true_positives, false_positives, false_negatives;
};

/* A window that only the table's size ends. */
#define FINGERPRINT_FOREVER 3600000000000ULL

struct fingerprint {
	struct digest digest;
	uint32_t entries;     /* of the table; 0: no limit */
	uint32_t entry_bytes; /* what its design keeps of each; 0: the digest and its time */
	uint64_t windows[FINGERPRINT_WINDOWS];
	size_t window_count;
};

struct fingerprint_result {
	struct fingerprint_score score[FINGERPRINT_WINDOWS][FINGERPRINT_PAIRS]
				      [FINGERPRINT_PROTOCOLS][FINGERPRINT_RATES];
	uint64_t peak_entries[FINGERPRINT_WINDOWS]; /* distinct digests in a window */
};

/*
 * Bytes of state in a window: of a table of some size all of it, of another as many entries as
 * there were at a time. An entry is the bits of the digest, and 32 of its time where the window
 * ends: small tables are lists in the order of use, which need no time for that.
 */
uint64_t fingerprint_state_bytes(const struct fingerprint *fingerprint, size_t window,
				 uint64_t peak_entries);

struct fingerprint_options {
	uint64_t truth;	    /* enum truth_source */
	uint64_t sightings; /* the most that are replayed; 0: all */
	uint64_t split;	    /* find out what kinds of pairs there are; else all are one kind */
};

/*
 * Replay the sightings of one recording through so many fingerprints. results is theirs, in
 * their order. Returns 0 or -ENOMEM.
 */
int fingerprint_run(struct recording *recording, const char *recording_id,
		    const struct fingerprint_options *options,
		    const struct fingerprint *fingerprints, size_t count,
		    struct fingerprint_result *results);

void fingerprint_add(struct fingerprint_score *to, const struct fingerprint_score *score);

#endif
