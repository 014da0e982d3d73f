/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches a program to its hook.
 */
#include "recorder/probes_private.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *cgroup2_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry;
	char *path = NULL;

	while (mounts && !path && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, "cgroup2"))
			path = strdup(entry->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return path;
}

static struct bpf_link *attach_to_cgroups(struct bpf_program *program)
{
	char *mount = cgroup2_mount();
	int directory = mount ? open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct bpf_link *link = NULL;

	if (directory >= 0) {
		link = bpf_program__attach_cgroup(program, directory);
		close(directory);
	} else
		errno = mount ? errno : ENOENT;
	free(mount);
	return link;
}

static struct bpf_link *attach_to_function(struct bpf_program *program, const char *function,
					   struct kernel_facts *facts)
{
	const char *symbol = kernel_facts_symbol(facts, function);
	int at_return = !strncmp(bpf_program__section_name(program), "kretprobe/", 10);

	return bpf_program__attach_kprobe(program, at_return, symbol ? symbol : function);
}

struct bpf_link *attach_program(struct bpf_program *program,
				const struct alternative *alternative,
				struct kernel_facts *facts)
{
	errno = 0;
	switch (alternative->hook) {
	case HOOK_CGROUP:
		return attach_to_cgroups(program);
	case HOOK_KPROBE:
	case HOOK_KRETPROBE:
		return attach_to_function(program, alternative->name, facts);
	default:
		return bpf_program__attach(program);
	}
}
