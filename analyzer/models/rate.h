/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fingerprint would do at rates that nobody recorded: how often it takes a new packet
 * for one that it knows, worked out from how packets differ in a recording.
 *
 * Time is sped up, packets stay as they were: a window holds packets_per_s * window of them,
 * and each is drawn from the distribution that was measured.
 *
 *     space      packets of one flow; its IP identifications run (one more each packet), stay,
 *                or jump, whichever most steps did
 *     content    the other fields. Those of a packet
 *                  - came once: taken never to come again
 *                  - come again only within a sixteenth of the recording: bunched; they come
 *                    again so many packets later as they did
 *                  - come all over it: recurring, with their share of the space's packets
 *
 * A packet is dismissed if one of those in the window has its content and its identification,
 * or else the same digest by chance, 2^-bits for each.
 *
 * Of a content that recurs there is a cell for each space that has it. Of the packets in the
 * window, those of a space in which identifications
 *
 *     stay   agree with a packet's if they have its content
 *     jump   the same, one in 65536 of them
 *     run    agree at one in 65536 places: in the packet's own space where it has wrapped, in
 *            another where it happens to stand
 *
 * so the first two are a probability for each packet of the window, the third is one for each
 * place.
 */
#ifndef ANALYZER_MODELS_RATE_H
#define ANALYZER_MODELS_RATE_H

#include <stddef.h>
#include <stdint.h>

#define RATE_IDENTIFICATIONS 65536.0
#define RATE_EXACT	     64 /* further running spaces of a content are replayed as one */
#define RATE_NONE	     UINT32_MAX

struct rate_packet {
	uint64_t content; /* digest of all fields but the identification */
	uint64_t flow;
	uint64_t time_ns;
	uint32_t identification;
	uint32_t number; /* set by rate_measure */
};

/* What was measured. */
struct rate_summary {
	uint64_t packets;
	double packets_per_s;
	double equal;	     /* of all pairs of packets, the part whose fields agree */
	double content;	     /* the same without the identification */
	uint64_t repeats;    /* packets whose fields agree with an earlier one's */
	double repeat_ns[2]; /* time since the latest such: the least, the median; NaN */
	uint64_t counters;   /* spaces in which identifications run */
	double counter;	     /* part of all packets that the largest of them has */
};

enum rate_identification {
	IDENTIFICATION_STAYS,
	IDENTIFICATION_RUNS,
	IDENTIFICATION_JUMPS,
};

struct rate_space {
	uint64_t packets;
	enum rate_identification identification;
	uint32_t cell; /* of the content that is being looked at */
};

struct rate_cell {
	uint32_t space, content;
	uint64_t packets;
	double share; /* of the space's packets */
};

/* Its cells in running spaces come first, the largest before. */
struct rate_content {
	uint32_t first_cell, cell_count, running;
	double each; /* the probability for each packet of the window */
	double rest; /* of running spaces behind the first RATE_EXACT, the same */
};

/* What one packet of the recording was. */
struct rate_draw {
	uint32_t cell;	   /* RATE_NONE: does not recur */
	uint32_t distance; /* bunched: to the one before; 0: there was none */
	float weight;	   /* bunched: the probability that the identifications agree */
};

struct rate {
	struct rate_summary summary;
	struct rate_space *spaces;
	struct rate_cell *cells;
	struct rate_content *contents;
	struct rate_draw *draws; /* one for each packet */
	size_t space_count, cell_count, content_count;
};

/* Of a window's packets, how many are of the cell's space. */
static inline double rate_space_packets(const struct rate *rate, const struct rate_cell *cell,
					double window)
{
	return window * (double)rate->spaces[cell->space].packets /
	       (double)rate->summary.packets;
}

/*
 * Take the packets' measure, which come in the order of their time; afterwards they have
 * another. Without has_identification it is no field. Returns 0, -ENODATA without a packet,
 * -ENOMEM.
 */
int rate_measure(struct rate_packet *packets, size_t count, int has_identification,
		 struct rate **out);
void rate_free(struct rate *rate);

/*
 * The probability that a new packet is dismissed, with so many packets in the window: because
 * fields agree, because digests of so many bits do, and either.
 */
struct rate_error {
	double structural, digest, either;
};

struct rate_error rate_calculate(const struct rate *rate, double window_packets,
				 unsigned int width);

/*
 * How many of so many packets are dismissed when each is drawn, and a window before it. The
 * same seed gives the same.
 */
uint64_t rate_replay(const struct rate *rate, double window_packets, unsigned int width,
		     uint64_t trials, uint64_t seed);

#endif
