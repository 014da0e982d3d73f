/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the host at the start of a recording.
 */
#include "recorder/snapshot.h"
#include "recorder/conntrack.h"
#include "recorder/namespaces.h"
#include "recorder/procfs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECORDS 64 /* read at once */

/* --- processes --- */

static int tell(const struct process_event *event, struct process_table *table,
		struct delivery *delivery)
{
	struct exec_event whole = {.process = *event};
	size_t size;

	whole.path_size =
		(uint32_t)procfs_executable(event->pid, whole.path, sizeof(whole.path));
	size = procfs_arguments(event->pid, whole.arguments, sizeof(whole.arguments));
	whole.arguments_size = (uint32_t)size;
	/* /proc does not say how much there is; a full buffer without an end was cut. */
	whole.arguments_total = whole.arguments_size;
	if (size == sizeof(whole.arguments) && whole.arguments[size - 1])
		whole.arguments_total++;
	/* Asked last: what was read before is of this process if it is still there. */
	if (!procfs_is(event->pid, event->start_ns, NULL))
		return process_table_event(table, event, sizeof(*event), delivery);
	return process_table_event(table, &whole, sizeof(whole), delivery);
}

int snapshot_processes(int iterator, struct process_table *table, struct delivery *delivery)
{
	struct process_event records[RECORDS];
	size_t used = 0, count;
	ssize_t got;
	int error = 0;

	while ((got = read(iterator, (char *)records + used, sizeof(records) - used)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		used += (size_t)got;
		count = used / sizeof(records[0]);
		for (size_t i = 0; i < count && !error; i++)
			error = tell(&records[i], table, delivery);
		if (error)
			return error;
		used %= sizeof(records[0]);
		memmove(records, &records[count], used);
	}
	return used ? -EBADMSG : 0;
}

/* --- translations --- */

struct round {
	int (*take)(const struct nat_event *event, void *context);
	void *context;
	struct inventory *inventory;
	struct conntrack_count sum;
	uint64_t namespaces, incomplete;
	int take_error;
};

static int take_one(const struct nat_event *event, void *context)
{
	struct round *round = context;

	round->take_error = round->take(event, round->context);
	return round->take_error;
}

static int tell_incomplete(struct round *round, const struct network_namespace *one,
			   uint64_t entries, int error)
{
	char variant[128], explanation[256];

	snprintf(variant, sizeof(variant), "dump/conntrack in %s (%u)",
		 one->name ? one->name : "namespace", one->inode);
	snprintf(explanation, sizeof(explanation),
		 "older translations may be missing: %s after %" PRIu64 " entries",
		 error == -EOPNOTSUPP ? "no nf_conntrack_netlink in this kernel"
		 : error == -EINTR    ? "entries changed while they were read"
				      : strerror(-error),
		 entries);
	round->incomplete++;
	return inventory_probe(round->inventory, "state of nat", variant, 0, explanation);
}

static int dump(const struct network_namespace *one, int error, void *context)
{
	struct round *round = context;
	struct conntrack_count count = {0};

	if (error == -ENOENT || error == -ESRCH)
		return 0;
	round->namespaces++;
	if (!error)
		error = conntrack_dump(one->inode, take_one, round, &count);
	round->sum.entries += count.entries;
	round->sum.translated += count.translated;
	if (round->take_error < 0)
		return round->take_error;
	return error ? tell_incomplete(round, one, count.entries, error) : 0;
}

int snapshot_conntrack(int (*take)(const struct nat_event *event, void *context), void *context,
		       struct inventory *inventory, uint64_t *incomplete)
{
	struct round round = {.take = take, .context = context, .inventory = inventory};
	char explanation[256];
	int error = namespaces_visit(dump, &round);

	if (error)
		return error;
	*incomplete = round.incomplete;
	snprintf(explanation, sizeof(explanation),
		 "%" PRIu64 " of %" PRIu64 " namespaces read, %" PRIu64 " entries, %" PRIu64
		 " of them translate",
		 round.namespaces - round.incomplete, round.namespaces, round.sum.entries,
		 round.sum.translated);
	return inventory_probe(inventory, "state of nat", "dump/conntrack", !round.incomplete,
			       explanation);
}
