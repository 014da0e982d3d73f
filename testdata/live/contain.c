/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes containers as their runtimes do, each with one process that opens one TCP connection,
 * and removes them at once: what a container's id is known by is gone after about a
 * millisecond.
 *
 *   contain move|clone DIRECTORY COUNT ADDRESS PORT
 *
 * DIRECTORY is a cgroup. The process is moved into the container's cgroup when it lives
 * already, or begins there (CLONE_INTO_CGROUP). Beside what both ends of a connection say,
 * there is a line with its id and the container's.
 */
#include "testdata/live/endpoint.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void new_container(char id[65])
{
	unsigned char bytes[32];

	if (getentropy(bytes, sizeof(bytes)))
		endpoint_fail("getentropy");
	for (int i = 0; i < 32; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

static void ask(uint64_t id, const struct sockaddr_in6 *server)
{
	struct endpoint end = {.id = id};

	endpoint_ask_tcp(&end, server, sizeof(struct stamp), 100);
	endpoint_print(&end);
	_exit(0);
}

/* The child waits until it has been moved. */
static pid_t start_and_move(int cgroup, uint64_t id, const struct sockaddr_in6 *server)
{
	int ends[2], procs;
	char text[16], byte = 0;
	pid_t pid;

	if (pipe(ends) || (pid = fork()) < 0)
		endpoint_fail("fork");
	if (!pid) {
		endpoint_read(ends[0], &byte, 1);
		ask(id, server);
	}
	snprintf(text, sizeof(text), "%d", pid);
	procs = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (procs < 0)
		endpoint_fail("cgroup.procs");
	endpoint_write(procs, text, strlen(text));
	close(procs);
	endpoint_write(ends[1], &byte, 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static pid_t start_inside(int cgroup, uint64_t id, const struct sockaddr_in6 *server)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid < 0)
		endpoint_fail("clone3");
	if (!pid)
		ask(id, server);
	return pid;
}

int main(int count, char **words)
{
	if (count != 6 || (strcmp(words[1], "move") && strcmp(words[1], "clone"))) {
		fprintf(stderr, "usage: contain move|clone DIRECTORY COUNT ADDRESS PORT\n");
		return 64;
	}
	struct sockaddr_in6 server = endpoint_address(words[4], words[5]);
	int moves = !strcmp(words[1], "move");

	for (long left = atol(words[3]); left > 0; left--) {
		char container[65], path[4096], line[256];
		uint64_t id = endpoint_new_id();
		int cgroup, status, size;
		pid_t pid;

		new_container(container);
		snprintf(path, sizeof(path), "%s/docker-%s.scope", words[2], container);
		if (mkdir(path, 0755))
			endpoint_fail(path);
		cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		pid = moves ? start_and_move(cgroup, id, &server)
			    : start_inside(cgroup, id, &server);
		if (waitpid(pid, &status, 0) != pid || status)
			endpoint_fail("the process in the container");
		close(cgroup);
		if (rmdir(path))
			endpoint_fail("rmdir");
		size = snprintf(
			line, sizeof(line),
			"{\"id\":%llu,\"role\":\"container\",\"pid\":%d,\"name\":\"%s\"}\n",
			(unsigned long long)id, pid, container);
		if (write(STDOUT_FILENO, line, (size_t)size) != size)
			endpoint_fail("standard output");
	}
	return 0;
}
