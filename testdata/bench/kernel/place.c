/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where packets are seen, and where threads run.
 */
#include "testdata/bench/kernel/kernel.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>

struct place place_find(const char *network_namespace, const char *interface)
{
	struct place place = {0}, home;
	char path[128];

	snprintf(path, sizeof(path), "/run/netns/%s", network_namespace);
	place.network_namespace = open(path, O_RDONLY | O_CLOEXEC);
	home.network_namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (place.network_namespace < 0 || home.network_namespace < 0)
		fail("%s", path);
	if (!interface)
		return place;
	place_enter(&place);
	place.interface = if_nametoindex(interface);
	place_enter(&home);
	if (!place.interface)
		fail("%s in %s", interface, network_namespace);
	return place;
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
