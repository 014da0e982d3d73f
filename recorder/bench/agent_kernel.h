/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processes of an agent have in the kernel: its BPF programs and maps, as their
 * descriptors tell. What is only pinned or attached, and held by no process, is not found.
 */
#ifndef RECORDER_BENCH_AGENT_KERNEL_H
#define RECORDER_BENCH_AGENT_KERNEL_H

#include "schema/stream.h"

#include <stddef.h>
#include <sys/types.h>

struct agent_kernel;

/*
 * Look through the processes of a process group. Returns 0 or a negative errno; that there is
 * nothing is no error.
 */
int agent_kernel_find(pid_t group, struct agent_kernel **out);
void agent_kernel_free(struct agent_kernel *kernel);

/* Look again; what is new comes after what is known. Returns 0 or a negative errno. */
int agent_kernel_look(struct agent_kernel *kernel, pid_t group);

/*
 * Rows of the stream cost: for each program how often and how long it has run since it was
 * loaded (where run-time statistics were on), for each map its memory and the entries it has
 * room for. Names live as long as the object. Up to most; returns how many.
 */
size_t agent_kernel_cost(const struct agent_kernel *kernel, struct cost_row *rows, size_t most);

#endif
