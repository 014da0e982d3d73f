/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups by their number: path and container. What was told or found is kept, for a cgroup may
 * be gone when it is asked for the next time.
 */
#ifndef RECORDER_CGROUP_H
#define RECORDER_CGROUP_H

#include "schema/event.h"

#include <stddef.h>
#include <stdint.h>

struct cgroup_place {
	const char *path;		    /* below the hierarchy's root; NULL: not known */
	const char *container_id;	    /* NULL: none */
	const char *container_runtime_name; /* a constant; NULL: the path does not tell */
};

/* How the cgroups that were asked for became known; those the cache forgot count again. */
struct cgroup_counts {
	uint64_t asked;
	uint64_t known;	      /* told, or found */
	uint64_t not_mounted; /* in a hierarchy that this process does not see */
	uint64_t gone;	      /* neither told nor to be found any more */
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
 * The root of the v2 hierarchy, as far up as this host shows it: a descriptor of the directory,
 * for the caller to close, or a negative errno; -ENOENT when it is not mounted.
 */
int cgroup_open_root(void);

/*
 * The cgroup of that number has been made at a path (up to size bytes, to the first 0). Returns
 * 0 or -ENOMEM.
 */
int cgroups_tell(struct cgroups *cgroups, enum cgroup_hierarchy hierarchy, uint64_t id,
		 const char *path, size_t size);

struct cgroup_counts cgroups_counts(const struct cgroups *cgroups);

#endif
