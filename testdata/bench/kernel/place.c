/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where packets are seen, and where threads run.
 */
#include "testdata/bench/kernel/kernel.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct place place_here(void)
{
	struct place place = {0};

	place.network_namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (place.network_namespace < 0)
		fail("network namespace");
	return place;
}

void place_close(const struct place *place)
{
	close(place->network_namespace);
}

struct place place_find(const char *network_namespace, const char *interface)
{
	struct place place = {0}, home;
	char path[128];

	snprintf(path, sizeof(path), "/run/netns/%s", network_namespace);
	place.network_namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (place.network_namespace < 0)
		fail("%s", path);
	if (!interface)
		return place;
	home = place_here();
	place_enter(&place);
	place.interface = if_nametoindex(interface);
	place_enter(&home);
	place_close(&home);
	if (!place.interface)
		fail("%s in %s", interface, network_namespace);
	return place;
}

uint32_t place_inode(const struct place *place)
{
	struct stat status;

	if (fstat(place->network_namespace, &status))
		fail("network namespace");
	return (uint32_t)status.st_ino;
}

void place_enter(const struct place *place)
{
	if (setns(place->network_namespace, CLONE_NEWNET))
		fail("setns");
}

void place_on_one_cpu(void)
{
	cpu_set_t allowed, one;
	int cpu = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		fail("sched_getaffinity");
	while (!CPU_ISSET(cpu, &allowed))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		fail("sched_setaffinity");
}
