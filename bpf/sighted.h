/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One sighting on its way through the programs, and what the tables that follow packets share:
 * they are arrays in which an address or a digest has its place, or two, so nothing is
 * allocated and the latest wins.
 */
#ifndef BPF_SIGHTED_H
#define BPF_SIGHTED_H

#include "bpf/kernel.h"
#include "schema/event.h"

#define MULTIPLIER 0x9e3779b97f4a7c15ULL

/* One sighting, and what is derived from it. */
struct sighted {
	struct sighting_event event;
	__u64 digest; /* of the content, as long as only addresses and ports change */
	__u64 tuple;  /* digest of its ends, the same for both directions */
	__u64 reply;  /* and of its conntrack entry's reply tuple */
	__u64 inner;  /* content of what a tunnel's packet carries, while it gets its headers */
	__u64 socket; /* that sends it here, or 0 */
	__u32 hop;    /* digest of the hop */
	__u32 direction; /* tells the two of the tuple apart */
	__u32 sequence;	 /* of TCP */
	__u32 length;	 /* of payload */
	__u32 end;	 /* of the IP packet, from head */
	__u32 fragment;	 /* IPv4 identification and protocol, 0: it is none */
	__u32 network;	 /* from head, as data: where skb->data is */
	__u32 data;
	__u32 left;	   /* bytes from the network header to the end */
	__u32 linear;	   /* of those */
	__u32 data_length; /* bytes from data to the end */
	__u32 paged;	   /* of those, in pages */
	__u32 header;	   /* bytes of network and transport header */
	__u32 in_pages;	   /* bytes of the payload that are there, to be read yet */
	__u8 ttl, is_tcp;
	__u8 is_birth; /* a socket of this namespace sends it, or hardware has received it */
	__u8 takes_sequence; /* TCP counts what it carries */
	__u8 is_first_fragment;
	__u8 may_fragment; /* IPv4 that routers may cut */
	__u8 is_sampled;
	__u8 is_connected; /* the socket is: it knows what it has sent */
	__u8 is_sent_again;
	__u16 place; /* of what is known of it */
};

#define CLAIM_TRIES 8

static __always_inline __u64 mix(__u64 digest, __u64 word)
{
	digest = (digest ^ word) * MULTIPLIER;
	return digest ^ digest >> 29;
}

static __always_inline __u32 place_in(__u64 word, __u32 places)
{
	return word * MULTIPLIER >> 40 & (places - 1);
}

/* Another CPU is soon done with a place, and what this one has interrupted never is. */
static __always_inline int claim(__u32 *busy)
{
	_Pragma("nounroll") for (int i = 0; i < CLAIM_TRIES;
				 i++) if (!__sync_val_compare_and_swap(busy, 0, 1)) return 1;
	return 0;
}

static __always_inline void release(__u32 *busy)
{
	__sync_lock_test_and_set(busy, 0);
}

#endif
