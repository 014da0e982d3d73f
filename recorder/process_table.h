/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that live, and those that ended a short while ago: who they are, what they
 * execute, in which container.
 */
#ifndef RECORDER_PROCESS_TABLE_H
#define RECORDER_PROCESS_TABLE_H

#include "recorder/build_ids.h"
#include "recorder/cgroup.h"
#include "recorder/delivery.h"
#include "recorder/image.h"

struct process_table;

/* What a flow row says of a process. Texts live until the next call on the table. */
struct process_identity {
	uint64_t entity_id;
	uint32_t pid;
	const char *executable_name; /* NULL: not known */
	const char *container_id;    /* NULL: none */
};

/* epoch_offset_ns: added to boot times. NULL when memory is short. */
struct process_table *process_table_new(uint64_t boot_digest, int64_t epoch_offset_ns,
					enum command_line_policy policy);
void process_table_free(struct process_table *table);

/*
 * Take in a fork, exec, exit, cgroup or exists event (a struct process_event, or a struct
 * exec_event when size says so) and append its process row to the delivery (NULL: no row
 * wanted). What is known already gets no row: a second end, a move to where the process is.
 * Returns 0, -EINVAL for a record of another shape, -ENOMEM.
 */
int process_table_event(struct process_table *table, const void *record, size_t size,
			struct delivery *delivery);

/* Take in a struct cgroup_event. Returns 0, -EINVAL for a record of another shape, -ENOMEM. */
int process_table_cgroup(struct process_table *table, const void *record, size_t size);

/*
 * Complete the rows since the last call whose build id was still being read when they were
 * appended: to be called before their delivery is handed over. Waits a little, never for a file
 * that hangs. Returns 0 or -ENOMEM.
 */
int process_table_settle(struct process_table *table);

struct process_table_counts {
	struct cgroup_counts cgroups;
	struct build_id_counts build_ids;
};

struct process_table_counts process_table_counts(struct process_table *table);

/* Who owns a socket. Returns 0, or -ENOENT when owner is zero. */
int process_table_find(struct process_table *table, const struct flow_owner *owner,
		       struct process_identity *out);

/* Forget processes that ended before this boot time. */
void process_table_expire(struct process_table *table, uint64_t before_ns);

/* The stable number of a process: boot id, pid and start time, 63 bits. */
uint64_t process_entity_id(uint64_t boot_digest, uint32_t pid, uint64_t start_ns);

#endif
