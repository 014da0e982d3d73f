/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups by their number: path and container. Answers are kept, for a cgroup may be gone when
 * it is asked for the next time.
 */
#ifndef RECORDER_CGROUP_H
#define RECORDER_CGROUP_H

#include <stdint.h>

enum cgroup_hierarchy {
	CGROUP_V2,
	CGROUP_V1_MEMORY,
	CGROUP_HIERARCHIES,
};

struct cgroup_place {
	const char *path;	  /* below the hierarchy's root; NULL: not known */
	const char *container_id; /* NULL: none */
};

struct cgroups;

/* NULL when memory is short. A host without a hierarchy just gives no paths for it. */
struct cgroups *cgroups_new(void);
void cgroups_free(struct cgroups *cgroups);

/* The texts live until the next call. */
struct cgroup_place cgroups_find(struct cgroups *cgroups, enum cgroup_hierarchy hierarchy,
				 uint64_t id);

/* The number of a cgroup that is there now, by its path. Returns 0 or a negative errno. */
int cgroups_id(const struct cgroups *cgroups, enum cgroup_hierarchy hierarchy, const char *path,
	       uint64_t *id);

/*
 * The root of the v2 hierarchy, as far up as this host shows it: a descriptor of the directory, for
 * the caller to close, or a negative errno; -ENOENT when it is not mounted.
 */
int cgroup_open_root(void);

#define CONTAINER_ID_SIZE 65

/*
 * The container id in a path: 64 hexadecimal digits (Docker, containerd, CRI-O, Podman); 32,
 * "-" and decimal digits (ECS); 8 and four times "-" and 4 (Garden). The deepest one counts.
 * Returns 1 and fills id, or 0.
 */
int cgroup_container_id(const char *path, char id[CONTAINER_ID_SIZE]);

#endif
