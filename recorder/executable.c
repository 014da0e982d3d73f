/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that a process executes.
 *
 * A path means something else in every mount namespace, and may mean something else a moment
 * later. So whatever a path leads to is first looked at without being opened (O_PATH): only the
 * file of that inode number and that time of change is.
 */
#include "recorder/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * What must agree beside the inode number. Of a path the time of change: its file may have been
 * made anew. Of /proc/PID/exe that or the device: its file may have been unlinked since, which
 * changes it, and some file systems give stat(2) another device than the kernel has.
 */
enum proof {
	BY_TIME_OF_CHANGE,
	BY_TIME_OR_DEVICE,
};

static int is_it(int file, const struct file_identity *identity, enum proof proof)
{
	struct stat status;

	if (fstat(file, &status) || !S_ISREG(status.st_mode) ||
	    status.st_ino != identity->inode)
		return 0;
	if ((__u64)status.st_ctim.tv_sec * 1000000000 + (__u64)status.st_ctim.tv_nsec ==
	    identity->changed_ns)
		return 1;
	return proof == BY_TIME_OR_DEVICE &&
	       status.st_dev == makedev(identity->major, identity->minor);
}

/* From what was looked at to what can be read. Takes the descriptor over. */
static int reopen(int found, const struct file_identity *identity, enum proof proof)
{
	char path[64];
	int file = -1;

	if (found < 0)
		return -ENOENT;
	if (is_it(found, identity, proof)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
		file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	close(found);
	return file < 0 ? -ENOENT : file;
}

static int open_of_process(const struct executable *executable)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/exe", executable->pid);
	return reopen(open(path, O_PATH | O_CLOEXEC), &executable->identity, BY_TIME_OR_DEVICE);
}

/* The path as a process sees it: links in it do not lead out of its root. */
static int open_as(const struct executable *executable, __u32 pid)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	int root, found;
	char base[64];

	snprintf(base, sizeof(base), "/proc/%u/root", pid);
	root = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -ENOENT;
	found = (int)syscall(SYS_openat2, root, executable->path, &how, sizeof(how));
	close(root);
	return reopen(found, &executable->identity, BY_TIME_OF_CHANGE);
}

int executable_open(const struct executable *executable)
{
	int file = open_of_process(executable);

	if (executable->path[0] != '/')
		return file;
	for (int i = 0; i < EXECUTABLE_NEIGHBOURS && file < 0; i++)
		if (executable->neighbours[i])
			file = open_as(executable, executable->neighbours[i]);
	if (file < 0)
		file = reopen(open(executable->path, O_PATH | O_CLOEXEC), &executable->identity,
			      BY_TIME_OF_CHANGE);
	return file;
}
