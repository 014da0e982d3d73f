/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container that a cgroup's path names.
 */
#ifndef RECORDER_CONTAINER_H
#define RECORDER_CONTAINER_H

#define CONTAINER_ID_SIZE 65

struct container {
	char id[CONTAINER_ID_SIZE]; /* ended by 0 */
	const char *runtime;	    /* a constant; NULL: the path does not tell */
};

/*
 * The container that a process of the cgroup with this path is in; the deepest one counts. Its
 * id is:
 *
 *   64 hexadecimal digits (Docker, containerd, CRI-O, Podman, Kubernetes with any of them)
 *   32 hexadecimal digits, "-", decimal digits (ECS)
 *   8 hexadecimal digits and four times "-" and 4 of them (Garden)
 *   its name (LXC, machines of systemd-nspawn)
 *
 * Pods, the monitors that runtimes keep beside a container, virtual machines, and systemd's
 * services, sessions and other scopes are no containers. Returns 1 and fills *container, or 0.
 */
int container_of_path(const char *path, struct container *container);

#endif
