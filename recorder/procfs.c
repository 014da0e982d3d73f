/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc says of a process, see proc_pid_stat(5).
 */
#include "recorder/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAT_START_TIME	   22 /* in clock ticks after boot */
#define STAT_AFTER_COMMAND 3
#define PID_NAMESPACE_ROOT 0xeffffffcU /* include/linux/proc_ns.h: PROC_PID_INIT_INO */

static size_t read_file(uint32_t pid, const char *name, char *to, size_t size)
{
	char path[64];
	size_t used = 0;
	ssize_t got;
	int file;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	while (used < size && (got = read(file, to + used, size - used)) > 0)
		used += (size_t)got;
	close(file);
	return used;
}

int procfs_is(uint32_t pid, uint64_t start_ns, char command[16])
{
	char text[1024], *begin, *end, *rest, *field = NULL;
	uint64_t tick_ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);

	text[read_file(pid, "stat", text, sizeof(text) - 1)] = 0;
	/* The name may hold parentheses and spaces itself. */
	begin = strchr(text, '(');
	end = strrchr(text, ')');
	if (!begin || !end || end < begin || end[1] != ' ')
		return 0;
	rest = end + 2;
	for (int i = STAT_AFTER_COMMAND; i <= STAT_START_TIME; i++)
		field = strsep(&rest, " ");
	if (!field || strtoull(field, NULL, 10) != start_ns / tick_ns)
		return 0;
	*end = 0;
	if (command)
		snprintf(command, 16, "%.15s", begin + 1);
	return 1;
}

int procfs_is_of_host(void)
{
	struct stat status;

	return !stat("/proc/self/ns/pid", &status) && status.st_ino == PID_NAMESPACE_ROOT;
}

uint32_t procfs_mount_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/mnt", &status) ? 0 : (uint32_t)status.st_ino;
}

size_t procfs_executable(uint32_t pid, char *path, size_t size)
{
	char link[64];
	ssize_t got;

	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	got = readlink(link, path, size - 1);
	if (got <= 0)
		return 0;
	path[got] = 0;
	return (size_t)got + 1;
}

size_t procfs_arguments(uint32_t pid, char *arguments, size_t size)
{
	return read_file(pid, "cmdline", arguments, size);
}
