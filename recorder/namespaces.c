/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network namespaces of this host.
 *
 * None of them is kept open between two looks: an open file would keep a namespace, and the
 * interfaces in it, alive after its last process.
 */
#include "recorder/namespaces.h"
#include "recorder/interfaces.h"
#include "recorder/mountinfo.h"
#include "recorder/thread.h"
#include "recorder/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char own_path[] = "/proc/self/ns/net";

struct round {
	struct network_namespace *list;
	size_t count;
	int (*visit)(const struct network_namespace *one, int error, void *context);
	void *context;
	int result;
};

static void forget(struct round *round)
{
	for (size_t i = 0; i < round->count; i++) {
		free((char *)round->list[i].name);
		free(round->list[i].path);
	}
	free(round->list);
}

static struct network_namespace *find(struct round *round, uint32_t inode)
{
	for (size_t i = round->count; i > 0; i--)
		if (round->list[i - 1].inode == inode)
			return &round->list[i - 1];
	return NULL;
}

static int add(struct round *round, uint32_t inode, const char *path)
{
	struct network_namespace *list;

	if (find(round, inode))
		return 0;
	list = realloc(round->list, (round->count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	round->list = list;
	list[round->count] = (struct network_namespace){.inode = inode, .path = strdup(path)};
	return list[round->count++].path ? 0 : -ENOMEM;
}

static int add_mounted(const struct mount_line *mount, void *context)
{
	static const char named[] = "/run/netns/";
	struct network_namespace *one;
	struct round *round = context;
	unsigned int inode;
	int error;

	if (strcmp(mount->type, "nsfs") || sscanf(mount->root, "net:[%u]", &inode) != 1)
		return 0;
	error = add(round, inode, mount->mount_point);
	if (error)
		return error;
	one = find(round, inode);
	if (!one->name && !strncmp(mount->mount_point, named, strlen(named)))
		one->name = utf8_escape(mount->mount_point + strlen(named), PATH_MAX);
	return 0;
}

static int add_of_processes(struct round *round)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	struct stat status;
	char path[PATH_MAX];
	int error = 0;

	if (!processes)
		return -errno;
	while (!error && (entry = readdir(processes))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		if (!stat(path, &status))
			error = add(round, (uint32_t)status.st_ino, path);
	}
	closedir(processes);
	return error;
}

static int find_all(struct round *round)
{
	struct stat status;
	int error;

	if (stat(own_path, &status))
		return -errno;
	error = add(round, (uint32_t)status.st_ino, own_path);
	if (!error)
		error = mountinfo_each(add_mounted, round);
	if (!error)
		error = add_of_processes(round);
	return error;
}

/* By now the path may lead to another namespace, or to none. */
static int enter(const struct network_namespace *one)
{
	int file = open(one->path, O_RDONLY | O_CLOEXEC), error = 0;
	struct stat status;

	if (file < 0 || fstat(file, &status))
		error = -errno;
	else if ((uint32_t)status.st_ino != one->inode)
		error = -ENOENT;
	else if (setns(file, CLONE_NEWNET))
		error = -errno;
	if (file >= 0)
		close(file);
	return error;
}

/* The thread begins in the caller's namespace, so that one needs no privilege to be visited. */
static void *visit_all(void *argument)
{
	struct round *round = argument;

	for (size_t i = 0; i < round->count && round->result >= 0; i++)
		round->result = round->visit(&round->list[i], i ? enter(&round->list[i]) : 0,
					     round->context);
	return NULL;
}

int namespaces_visit(int (*visit)(const struct network_namespace *one, int error,
				  void *context),
		     void *context)
{
	struct round round = {.visit = visit, .context = context};
	pthread_t thread;
	int error = find_all(&round);

	if (!error)
		error = thread_start(&thread, "namespaces", visit_all, &round);
	if (!error) {
		pthread_join(thread, NULL);
		error = round.result < 0 ? round.result : 0;
	}
	forget(&round);
	return error;
}

struct snapshot {
	struct inventory *inventory;
	uint64_t now_ns;
	int error; /* the first */
};

static int list_interfaces(const struct network_namespace *one, int error, void *context)
{
	struct snapshot *snapshot = context;

	if (error == -ENOENT || error == -ESRCH)
		return 0;
	if (!error)
		error = interfaces_list(snapshot->inventory, one->inode, one->name,
					snapshot->now_ns);
	if (!snapshot->error)
		snapshot->error = error;
	return error == -ENOMEM ? error : 0;
}

int namespaces_snapshot(struct inventory *inventory, uint64_t now_epoch_ns)
{
	struct snapshot snapshot = {.inventory = inventory, .now_ns = now_epoch_ns};
	int error = namespaces_visit(list_interfaces, &snapshot);

	if (error || snapshot.error)
		return error ? error : snapshot.error;
	inventory_interfaces_complete(inventory, now_epoch_ns);
	return 0;
}
