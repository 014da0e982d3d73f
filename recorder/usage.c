/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process and its threads have used, as the kernel tells in /proc and by clocks.
 */
#include "recorder/usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000ULL

/* The scheduler's clock of a thread, of which only the id is known:
 * include/linux/posix-timers.h has the bits, CPUCLOCK_PERTHREAD and CPUCLOCK_SCHED. */
#define THREAD_CLOCK(id) ((clockid_t)(~(unsigned int)(id) << 3 | 4 | 2))

/* The first line of a thread's file; 0, or -1 when the thread is gone. */
static int read_line(const char *id, const char *name, char *line, int size)
{
	char path[300];
	FILE *file;
	int error;

	snprintf(path, sizeof(path), "/proc/self/task/%s/%s", id, name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	error = fgets(line, size, file) ? 0 : -1;
	fclose(file);
	return error;
}

/*
 * The clock is exact to the nanosecond, but a sum; the file divides it, in ticks. Where that
 * has no tick yet, the kernel calls it all user time, and so do we.
 */
static int read_cpu(const char *id, struct cost_part *part)
{
	unsigned long long user, system;
	struct timespec time;
	const char *fields;
	char line[1024];
	uint64_t used;

	if (read_line(id, "stat", line, sizeof(line)) ||
	    clock_gettime(THREAD_CLOCK(part->number), &time))
		return -1;
	/* The name, in parentheses, may have any character in it. */
	fields = strrchr(line, ')');
	if (!fields || sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
			      &user, &system) != 2)
		return -1;
	used = (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
	part->system_cpu_ns =
		system ? (uint64_t)((double)used * (double)system / (double)(user + system))
		       : 0;
	part->user_cpu_ns = used - part->system_cpu_ns;
	return 0;
}

/* Returns 0, or -1 when the thread is gone. */
static int read_thread(const char *id, struct cost_part *part)
{
	char name[32];

	*part = (struct cost_part){.part = "thread", .number = strtoull(id, NULL, 10)};
	if (read_line(id, "comm", name, sizeof(name)))
		return -1;
	name[strcspn(name, "\n")] = 0;
	snprintf(part->name, sizeof(part->name), "%s", name);
	return read_cpu(id, part);
}

static size_t read_threads(struct cost_part *parts, size_t most)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;
	size_t count = 0;

	if (!threads)
		return 0;
	while (count < most && (entry = readdir(threads)))
		if (entry->d_name[0] != '.' && !read_thread(entry->d_name, &parts[count]))
			count++;
	closedir(threads);
	return count;
}

static uint64_t nanoseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_usec * 1000;
}

/* Pages of this process that are in memory now. */
static uint64_t resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *status = fopen("/proc/self/statm", "re");

	if (status && fscanf(status, "%*u %llu", &pages) != 1)
		pages = 0;
	if (status)
		fclose(status);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* What this process had written to storage, and how often it wrote. */
static void read_writes(struct cost_part *part)
{
	FILE *io = fopen("/proc/self/io", "re");
	unsigned long long number;
	char line[64];

	while (io && fgets(line, sizeof(line), io))
		if (sscanf(line, "write_bytes: %llu", &number) == 1)
			part->written_bytes = number;
		else if (sscanf(line, "syscw: %llu", &number) == 1)
			part->write_count = number;
	if (io)
		fclose(io);
}

size_t usage_read(struct cost_part *parts, size_t most)
{
	size_t count = most ? read_threads(parts, most - 1) : 0;
	struct rusage used;

	if (!most)
		return 0;
	getrusage(RUSAGE_SELF, &used);
	parts[count] = (struct cost_part){
		.part = "recorder",
		.name = "flowrec",
		.user_cpu_ns = nanoseconds(&used.ru_utime),
		.system_cpu_ns = nanoseconds(&used.ru_stime),
		.memory_bytes = resident_bytes(),
	};
	read_writes(&parts[count]);
	return count + 1;
}
