/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that other programs on this host let connect elsewhere than they were asked to.
 *
 * What sockets are asked for is kept only where such programs are: the hooks are attached when
 * one of BPF_PROG_TYPE_CGROUP_SOCK_ADDR was loaded that is not ours, and stay until the end.
 */
#ifndef RECORDER_REDIRECTS_H
#define RECORDER_REDIRECTS_H

#include "recorder/plan.h"

struct flowtape_bpf;
struct redirects;

/*
 * Try the hooks of the alternative once. Returns 0, -ENOMEM, or why the kernel does not attach
 * it.
 */
int redirects_open(struct flowtape_bpf *skeleton, const struct alternative *alternative,
		   struct redirects **out);
void redirects_close(struct redirects *redirects);

/* Attach when it is time; to be called now and then. Returns whether the hooks are attached. */
int redirects_follow(struct redirects *redirects);

/* No socket is asked any more. */
void redirects_detach(struct redirects *redirects);

#endif
