/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An XDP program that lets every packet pass: to be there is all that it takes to have an
 * interface make new packets of what it receives.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *packet)
{
	return XDP_PASS;
}

char pass_license[] SEC("license") = "GPL";
