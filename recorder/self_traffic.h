/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traffic and processes whose every detail is known: what the self-test looks for in its
 * recording.
 *
 * A process of its own makes them, in a network namespace of its own where that is allowed, so
 * that neither the host's firewall nor its loopback matters. The namespace is gone with the
 * process.
 */
#ifndef RECORDER_SELF_TRAFFIC_H
#define RECORDER_SELF_TRAFFIC_H

#include "schema/event.h"

#include <stdint.h>
#include <sys/types.h>

struct conversation {
	struct tuple tuple;	       /* as its client knows it */
	struct address served_address; /* as its server does: the same, but for translation */
	uint16_t served_port;
	uint32_t client_pid, server_pid;
	uint32_t asked_bytes, answered_bytes; /* payload */
	char problem[96];		      /* why there was none; "" */
};

struct self_report {
	uint32_t network_namespace;
	int is_own_namespace;
	uint32_t pid; /* the parent of all of it */
	struct conversation tcp, udp, translated;
	uint32_t forked_pid; /* ends at once, with exit code SELF_FORKED_CODE */
	uint32_t executed_pid;
	uint32_t executed_code;
	char executed_problem[96];
};

#define SELF_FORKED_CODE 7
#define SELF_NAME	 "self-test" /* of what is executed */

struct self_traffic {
	pid_t pid;
	int channel;
};

/*
 * Start the process, which then waits. To be called before the caller has threads; the
 * directory is for a symbolic link to this program. Returns 0 or a negative errno.
 */
int self_traffic_begin(struct self_traffic *traffic, const char *directory);

#define SELF_TRANSLATE 1 /* talk through a translation, too */
#define SELF_STAY_HERE 2 /* in the caller's network namespace */

/* Let it talk and fork; then it ends. Returns 0 or a negative errno. */
int self_traffic_run(struct self_traffic *traffic, int how, struct self_report *report);

/* End it where it has not ended. */
void self_traffic_end(struct self_traffic *traffic);

#endif
