/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups by their number.
 *
 * The number is the inode number in the cgroup file system, and the file handle that kernfs
 * makes (8 bytes, FILEID_KERNFS) is that number alone: so a handle can be made from it and
 * opened.
 *
 * Answers are kept in two generations. When the younger one is full the older one is forgotten;
 * what is asked for moves to the younger. So memory is bounded and what is in use stays.
 */
#include "recorder/cgroup.h"
#include "recorder/container.h"
#include "recorder/mountinfo.h"
#include "recorder/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS		 4096U
#define GENERATION_LIMIT 16384U
#define FILEID_KERNFS	 0xfe /* include/linux/exportfs.h */

struct cgroup {
	struct cgroup *next;
	uint64_t id;
	enum cgroup_hierarchy hierarchy;
	int asked;
	char *path;
	struct container container; /* id "": none */
};

struct generation {
	struct cgroup *buckets[BUCKETS];
	uint32_t count;
};

struct hierarchy {
	int mount; /* -1: not mounted */
	char *mount_point, *root;
};

struct cgroups {
	struct hierarchy hierarchies[CGROUP_HIERARCHIES];
	struct generation *young, *old;
	struct cgroup_counts counts;
};

static int use_mount(struct hierarchy *hierarchy, const struct mount_line *mount)
{
	int directory;

	if (hierarchy->mount >= 0)
		return 0;
	directory = open(mount->mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return 0;
	free(hierarchy->root);
	free(hierarchy->mount_point);
	hierarchy->root = strdup(mount->root);
	hierarchy->mount_point = strdup(mount->mount_point);
	hierarchy->mount = directory;
	return hierarchy->root && hierarchy->mount_point ? 0 : -ENOMEM;
}

static int look_at_mount(const struct mount_line *mount, void *context)
{
	struct hierarchy *hierarchies = context;

	if (!strcmp(mount->type, "cgroup2"))
		return use_mount(&hierarchies[CGROUP_V2], mount);
	if (!strcmp(mount->type, "cgroup") && mountinfo_has_option(mount->options, "memory"))
		return use_mount(&hierarchies[CGROUP_V1_MEMORY], mount);
	return 0;
}

struct cgroups *cgroups_new(void)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));

	if (!cgroups)
		return NULL;
	for (int i = 0; i < CGROUP_HIERARCHIES; i++)
		cgroups->hierarchies[i].mount = -1;
	cgroups->young = calloc(1, sizeof(*cgroups->young));
	cgroups->old = calloc(1, sizeof(*cgroups->old));
	if (!cgroups->young || !cgroups->old ||
	    mountinfo_each(look_at_mount, cgroups->hierarchies) == -ENOMEM) {
		cgroups_free(cgroups);
		return NULL;
	}
	return cgroups;
}

static void forget(struct generation *generation)
{
	struct cgroup *cgroup, *next;

	if (!generation)
		return;
	for (uint32_t i = 0; i < BUCKETS; i++) {
		for (cgroup = generation->buckets[i]; cgroup; cgroup = next) {
			next = cgroup->next;
			free(cgroup->path);
			free(cgroup);
		}
		generation->buckets[i] = NULL;
	}
	generation->count = 0;
}

void cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	for (int i = 0; i < CGROUP_HIERARCHIES; i++) {
		if (cgroups->hierarchies[i].mount >= 0)
			close(cgroups->hierarchies[i].mount);
		free(cgroups->hierarchies[i].mount_point);
		free(cgroups->hierarchies[i].root);
	}
	forget(cgroups->young);
	forget(cgroups->old);
	free(cgroups->young);
	free(cgroups->old);
	free(cgroups);
}

/* The path of an open cgroup directory below the hierarchy's root, as it is in path. */
static const char *below_root(const struct hierarchy *hierarchy, const char *path)
{
	size_t size = strlen(hierarchy->mount_point);

	if (strncmp(path, hierarchy->mount_point, size) || (path[size] && path[size] != '/'))
		return path;
	return path[size] ? path + size : "/";
}

static char *read_path(const struct hierarchy *hierarchy, int directory)
{
	static const char deleted[] = " (deleted)";
	char link[64], target[PATH_MAX], whole[2 * PATH_MAX];
	const char *below;
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
	size = readlink(link, target, sizeof(target) - 1);
	if (size < 0)
		return NULL;
	target[size] = 0;
	if ((size_t)size >= strlen(deleted) &&
	    !strcmp(target + size - strlen(deleted), deleted))
		target[size - strlen(deleted)] = 0;
	below = below_root(hierarchy, target);
	if (!strcmp(hierarchy->root, "/"))
		return utf8_escape(below, strlen(below));
	size = snprintf(whole, sizeof(whole), "%s%s", hierarchy->root,
			strcmp(below, "/") ? below : "");
	return size < (ssize_t)sizeof(whole) ? utf8_escape(whole, strlen(whole)) : NULL;
}

static char *resolve(const struct hierarchy *hierarchy, uint64_t id)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = {.head = {.handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS}};
	char *path;
	int directory;

	if (hierarchy->mount < 0)
		return NULL;
	memcpy(handle.head.f_handle, &id, sizeof(id));
	directory = open_by_handle_at(hierarchy->mount, &handle.head, O_PATH | O_CLOEXEC);
	if (directory < 0)
		return NULL;
	path = read_path(hierarchy, directory);
	close(directory);
	return path;
}

static struct cgroup **find_place(struct generation *generation,
				  enum cgroup_hierarchy hierarchy, uint64_t id)
{
	struct cgroup **place =
		&generation->buckets[(id * 0x9e3779b97f4a7c15ULL >> 40) % BUCKETS];

	while (*place && ((*place)->id != id || (*place)->hierarchy != hierarchy))
		place = &(*place)->next;
	return place;
}

static void keep(struct cgroups *cgroups, struct cgroup *cgroup)
{
	struct generation *full = cgroups->young;
	struct cgroup **place;

	if (full->count >= GENERATION_LIMIT) {
		forget(cgroups->old);
		cgroups->young = cgroups->old;
		cgroups->old = full;
	}
	place = find_place(cgroups->young, cgroup->hierarchy, cgroup->id);
	cgroup->next = NULL;
	*place = cgroup;
	cgroups->young->count++;
}

/* Where the cgroup is kept, or NULL. It is in the younger generation then. */
static struct cgroup *recall(struct cgroups *cgroups, enum cgroup_hierarchy hierarchy,
			     uint64_t id)
{
	struct cgroup *cgroup = *find_place(cgroups->young, hierarchy, id), **place;

	if (cgroup)
		return cgroup;
	place = find_place(cgroups->old, hierarchy, id);
	cgroup = *place;
	if (cgroup) {
		*place = cgroup->next;
		keep(cgroups, cgroup);
	}
	return cgroup;
}

static struct cgroup *add(struct cgroups *cgroups, enum cgroup_hierarchy hierarchy, uint64_t id)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup));

	if (!cgroup)
		return NULL;
	cgroup->id = id;
	cgroup->hierarchy = hierarchy;
	keep(cgroups, cgroup);
	return cgroup;
}

static void set_path(struct cgroup *cgroup, char *path)
{
	free(cgroup->path);
	cgroup->path = path;
	if (!path || !container_of_path(path, &cgroup->container))
		cgroup->container = (struct container){0};
}

int cgroups_tell(struct cgroups *cgroups, enum cgroup_hierarchy hierarchy, uint64_t id,
		 const char *path, size_t size)
{
	struct cgroup *cgroup = recall(cgroups, hierarchy, id);
	char *text = utf8_escape(path, size);

	if (text && !cgroup)
		cgroup = add(cgroups, hierarchy, id);
	if (!text || !cgroup) {
		free(text);
		return -ENOMEM;
	}
	set_path(cgroup, text);
	return 0;
}

static void count(struct cgroups *cgroups, struct cgroup *cgroup)
{
	if (cgroup->asked)
		return;
	cgroup->asked = 1;
	cgroups->counts.asked++;
	if (cgroup->path)
		cgroups->counts.known++;
	else if (cgroups->hierarchies[cgroup->hierarchy].mount < 0)
		cgroups->counts.not_mounted++;
	else
		cgroups->counts.gone++;
}

struct cgroup_place cgroups_find(struct cgroups *cgroups, enum cgroup_hierarchy hierarchy,
				 uint64_t id)
{
	struct cgroup *cgroup = recall(cgroups, hierarchy, id);

	if (!cgroup) {
		cgroup = add(cgroups, hierarchy, id);
		if (!cgroup)
			return (struct cgroup_place){0};
		set_path(cgroup, resolve(&cgroups->hierarchies[hierarchy], id));
	}
	count(cgroups, cgroup);
	return (struct cgroup_place){
		.path = cgroup->path,
		.container_id = cgroup->container.id[0] ? cgroup->container.id : NULL,
		.container_runtime_name = cgroup->container.runtime,
	};
}

int cgroups_id(const struct cgroups *cgroups, enum cgroup_hierarchy hierarchy, const char *path,
	       uint64_t *id)
{
	const struct hierarchy *in = &cgroups->hierarchies[hierarchy];
	char whole[2 * PATH_MAX];
	struct stat status;
	size_t size;

	if (in->mount < 0)
		return -ENOENT;
	size = strcmp(in->root, "/") ? strlen(in->root) : 0;
	if (strncmp(path, in->root, size) || (path[size] && path[size] != '/'))
		return -ENOENT;
	if (snprintf(whole, sizeof(whole), "%s%s", in->mount_point, path + size) >=
	    (int)sizeof(whole))
		return -ENAMETOOLONG;
	if (stat(whole, &status))
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	*id = status.st_ino;
	return 0;
}

struct cgroup_counts cgroups_counts(const struct cgroups *cgroups)
{
	return cgroups->counts;
}

static int open_root(const struct mount_line *mount, void *context)
{
	int *directory = context;

	if (strcmp(mount->type, "cgroup2"))
		return 0;
	*directory = open(mount->mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*directory < 0)
		*directory = -errno;
	return 1;
}

int cgroup_open_root(void)
{
	int directory = -ENOENT;

	mountinfo_each(open_root, &directory);
	return directory;
}
