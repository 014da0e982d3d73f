// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Takes time for every packet of IPv4, at the hooks where the recorder counts packets, and does
 * nothing else.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_tracing.h>

#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ROUNDS_MOST 4096

/* Set by user space; each round is a few cycles that wait for each other. */
volatile __u32 rounds;
volatile __u64 result;

static __always_inline void be_slow(void)
{
	__u64 number = result | 1;
	__u32 wanted = rounds;

	for (__u32 i = 0; i < ROUNDS_MOST && i < wanted; i++) {
		number ^= number << 13;
		number ^= number >> 7;
		number ^= number << 17;
	}
	result = number;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(slow_receive, struct sk_buff *skb)
{
	if (skb->protocol == bpf_htons(0x0800))
		be_slow();
	return 0;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(slow_transmit, struct sk_buff *skb)
{
	if (skb->protocol == bpf_htons(0x0800))
		be_slow();
	return 0;
}

/* The same, to be run by the kernel's own test, which tells how long it takes. */
SEC("tc")
int slow_trial(struct __sk_buff *skb)
{
	be_slow();
	return 0;
}
