/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces of a test's own: two, joined by a veth pair, removed again by lab_remove.
 */
#ifndef RECORDER_LAB_TEST_H
#define RECORDER_LAB_TEST_H

#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct lab {
	char near[32], far[32]; /* names for ip netns */
	uint32_t near_inode, far_inode;
};

/* Run a command line of the shell; returns 0 when it succeeded. */
static inline int lab_run(const char *format, ...)
{
	char command[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(command, sizeof(command), format, values);
	va_end(values);
	return system(command);
}

static inline uint32_t lab_inode(const char *name)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	return stat(path, &status) ? 0 : (uint32_t)status.st_ino;
}

static inline void lab_remove(const struct lab *lab)
{
	lab_run("ip netns del %s 2>/dev/null; ip netns del %s 2>/dev/null", lab->near,
		lab->far);
}

/* Returns 0, or non-zero when this machine does not let us. */
static inline int lab_make(struct lab *lab)
{
	snprintf(lab->near, sizeof(lab->near), "lab-%d-near", (int)getpid());
	snprintf(lab->far, sizeof(lab->far), "lab-%d-far", (int)getpid());
	if (geteuid() || lab_run("ip netns add %s && ip netns add %s && ip link add veth-near "
				 "netns %s type veth peer name veth-far netns %s",
				 lab->near, lab->far, lab->near, lab->far)) {
		lab_remove(lab);
		return -1;
	}
	lab->near_inode = lab_inode(lab->near);
	lab->far_inode = lab_inode(lab->far);
	return 0;
}

/*
 * Go on in a process that knows no network namespaces but those it makes: for tests that would
 * touch all of this machine's otherwise. The caller's process waits and ends with the other's
 * status. Where that is not allowed, nothing happens.
 */
static inline void lab_alone(void)
{
	int status;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET))
		return;
	/* Twice: the first process of a PID namespace cannot be looked at by sanitizers. */
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid > 0) {
			waitpid(pid, &status, 0);
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
		}
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL) || mount("tmpfs", "/run", "tmpfs", 0, NULL))
		_exit(1);
}

#endif
