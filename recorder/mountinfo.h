/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts that this process sees, from /proc/self/mountinfo.
 */
#ifndef RECORDER_MOUNTINFO_H
#define RECORDER_MOUNTINFO_H

struct mount_line {
	const char *root; /* what of the file system is mounted */
	const char *mount_point;
	const char *type;
	const char *options; /* of the file system */
};

/* Whether a comma separated list has that option. */
int mountinfo_has_option(const char *options, const char *name);

/* Call each for each mount, in their order, until it returns non-zero. Returns that or 0. */
int mountinfo_each(int (*each)(const struct mount_line *mount, void *context), void *context);

#endif
