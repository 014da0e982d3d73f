/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent of an arm, to be switched on and off many times within one experiment.
 *
 * Of flowrec record that is what it does in the kernel: its programs are loaded once, attached
 * and detached. What user space does with what they count is not part of it.
 *
 * Another agent is started once, by the shell, and told "on" and "off" as talk.h has it.
 * Its environment says where it may watch: FLOWTAPE_PROBE_NEAR and FLOWTAPE_PROBE_FAR are a
 * file to enter a network namespace by, ":", and the name of an interface in there.
 */
#ifndef RECORDER_BENCH_BENCH_SWITCH_H
#define RECORDER_BENCH_BENCH_SWITCH_H

#include "recorder/bench/arm.h"
#include "recorder/bench/bench_link.h"
#include "recorder/inventory.h"

#include "schema/stream.h"

struct bench_switch;

/*
 * It is off then. Arm and link are borrowed. On failure *problem is one line that the caller
 * frees, or NULL where it has been told already (options of flowrec record that are wrong:
 * -EINVAL).
 */
int bench_switch_open(const struct arm *arm, const struct bench_link *link,
		      struct bench_switch **out, char **problem);
void bench_switch_close(struct bench_switch *agent);

/* What records, for struct workload_row; NULL: nothing. */
const char *bench_switch_agent(const struct bench_switch *agent);

/* Tell the inventory which hooks an arm of flowrec record uses. Returns 0 or a negative errno.
 */
int bench_switch_store(const struct bench_switch *agent, struct inventory *inventory);

/* Returns 0, -ETIMEDOUT or -EPIPE where another agent does not answer, or another one. */
int bench_switch_turn(struct bench_switch *agent, int on);

/* Empty the tables, so that they never fill. To be called where nothing is measured. */
int bench_switch_tidy(struct bench_switch *agent);

/*
 * What its programs and maps cost until now, as rows of the stream cost whose counts go on
 * from call to call. Up to most; returns how many.
 */
size_t bench_switch_cost(struct bench_switch *agent, struct cost_row *rows, size_t most);

#endif
