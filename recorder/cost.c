/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder costs, as differences from one sample to the next.
 */
#include "recorder/cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LINES_MOST 48
#define SECOND_NS  1000000000ULL

struct cost {
	struct probes *probes;
	struct probe_cost before[LINES_MOST];
	size_t count;
	struct rusage used;
	uint64_t written_bytes;
	uint64_t sampled_ns;
};

/* What this process has had written to storage. */
static uint64_t written_bytes(void)
{
	char line[64];
	unsigned long long bytes = 0;
	FILE *io = fopen("/proc/self/io", "r");

	while (io && fgets(line, sizeof(line), io))
		if (sscanf(line, "write_bytes: %llu", &bytes) == 1)
			break;
	if (io)
		fclose(io);
	return bytes;
}

struct cost *cost_new(struct probes *probes)
{
	struct cost *cost = calloc(1, sizeof(*cost));

	if (!cost)
		return NULL;
	cost->probes = probes;
	cost->count = probes_cost(probes, cost->before, LINES_MOST);
	getrusage(RUSAGE_SELF, &cost->used);
	cost->written_bytes = written_bytes();
	return cost;
}

void cost_free(struct cost *cost)
{
	free(cost);
}

static uint64_t elapsed_ns(const struct timeval *from, const struct timeval *to)
{
	return (uint64_t)(to->tv_sec - from->tv_sec) * SECOND_NS +
	       (uint64_t)((to->tv_usec - from->tv_usec) * 1000);
}

/* Pages of this process that are in memory now. */
static uint64_t resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *status = fopen("/proc/self/statm", "r");

	if (status && fscanf(status, "%*u %llu", &pages) != 1)
		pages = 0;
	if (status)
		fclose(status);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int sample_recorder(struct cost *cost, uint64_t time_ns, struct delivery *delivery)
{
	struct rusage used;
	uint64_t written = written_bytes();
	struct cost_row row = {.time_ns = time_ns, .part = "recorder", .name = "flowrec"};

	getrusage(RUSAGE_SELF, &used);
	row.user_cpu_ns = elapsed_ns(&cost->used.ru_utime, &used.ru_utime);
	row.system_cpu_ns = elapsed_ns(&cost->used.ru_stime, &used.ru_stime);
	row.memory_bytes = resident_bytes();
	row.written_bytes = written - cost->written_bytes;
	cost->used = used;
	cost->written_bytes = written;
	return delivery_row(delivery, STREAM_COST, &row);
}

int cost_sample(struct cost *cost, uint64_t time_ns, uint64_t flows, int now,
		struct delivery *delivery)
{
	struct probe_cost lines[LINES_MOST];
	size_t count;
	int error = 0;

	if (!now && time_ns < cost->sampled_ns + SECOND_NS)
		return 0;
	cost->sampled_ns = time_ns;
	count = probes_cost(cost->probes, lines, LINES_MOST);
	/* The list is that of the loaded object: the same each time. */
	for (size_t i = 0; i < count && i < cost->count && !error; i++) {
		struct cost_row row = {
			.time_ns = time_ns,
			.part = lines[i].part,
			.name = lines[i].name,
			.run_count = lines[i].run_count - cost->before[i].run_count,
			.run_time_ns = lines[i].run_time_ns - cost->before[i].run_time_ns,
			.memory_bytes = lines[i].memory_bytes,
			.entries = strcmp(lines[i].name, "flow_units") ? 0 : flows,
		};

		error = delivery_row(delivery, STREAM_COST, &row);
	}
	memcpy(cost->before, lines, sizeof(lines));
	return error ? error : sample_recorder(cost, time_ns, delivery);
}
