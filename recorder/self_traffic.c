/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that talks to itself.
 *
 *     begin: fork, a network namespace of its own, loopback up, wait
 *     run:   tcp, udp and translated conversation, each between two processes forked for it;
 *            a process that ends at once; one that executes this program, without arguments
 *
 * Everything in here but begin, run and end happens in that process or its children.
 */
#include "recorder/self_traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASKED_BYTES	1000
#define ANSWERED_BYTES	3000
#define TRANSLATED_PORT 80
#define SECONDS_MOST	20  /* for all of it: something hangs */
#define STATUS_ERROR	100 /* exit statuses above are an errno */

static const char own_address[] = "127.0.0.1", other_address[] = "127.0.0.2";

static struct sockaddr_in place(const char *address, uint16_t port)
{
	struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, address, &place.sin_addr);
	return place;
}

static struct address mapped(const struct sockaddr_in *place)
{
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};
	struct address address;

	memcpy(bytes + 12, &place->sin_addr, 4);
	memcpy(&address, bytes, sizeof(address));
	return address;
}

/* --- the two ends; each is a process, its exit status is 0 or STATUS_ERROR + errno --- */

static int fail(void)
{
	return STATUS_ERROR + (errno < 100 ? errno : EIO);
}

/* A datagram each way, or as many bytes each way as it takes. */
static int receive_all(int file, int type, size_t size)
{
	char bytes[ANSWERED_BYTES];
	size_t got = 0;
	ssize_t part;

	do {
		part = recv(file, bytes, sizeof(bytes), 0);
		if (part <= 0)
			return -1;
		got += (size_t)part;
	} while (type == SOCK_STREAM && got < size);
	return 0;
}

static int answer(int file, int type)
{
	static const char bytes[ANSWERED_BYTES];
	struct sockaddr_in asker;
	socklen_t size = sizeof(asker);

	if (type == SOCK_STREAM)
		return receive_all(file, type, ASKED_BYTES) ||
				       send(file, bytes, sizeof(bytes), 0) != sizeof(bytes)
			       ? -1
			       : 0;
	if (recvfrom(file, (char[ASKED_BYTES]){0}, ASKED_BYTES, 0, (struct sockaddr *)&asker,
		     &size) < 0)
		return -1;
	return sendto(file, bytes, sizeof(bytes), 0, (struct sockaddr *)&asker, size) < 0 ? -1
											  : 0;
}

static int serve(int type, int tell)
{
	struct sockaddr_in here = place(own_address, 0);
	socklen_t size = sizeof(here);
	int file = socket(AF_INET, type | SOCK_CLOEXEC, 0), accepted;

	if (file < 0 || bind(file, (struct sockaddr *)&here, sizeof(here)) ||
	    (type == SOCK_STREAM && listen(file, 1)) ||
	    getsockname(file, (struct sockaddr *)&here, &size) ||
	    write(tell, &here, sizeof(here)) != sizeof(here))
		return fail();
	accepted = type == SOCK_STREAM ? accept(file, NULL, NULL) : file;
	return accepted < 0 || answer(accepted, type) ? fail() : 0;
}

static int ask(int type, const struct sockaddr_in *server, int tell)
{
	static const char bytes[ASKED_BYTES];
	struct sockaddr_in here = place(own_address, 0);
	socklen_t size = sizeof(here);
	int file = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (file < 0 || bind(file, (struct sockaddr *)&here, sizeof(here)) ||
	    connect(file, (const struct sockaddr *)server, sizeof(*server)) ||
	    getsockname(file, (struct sockaddr *)&here, &size) ||
	    write(tell, &here, sizeof(here)) != sizeof(here) ||
	    send(file, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
	    receive_all(file, type, ANSWERED_BYTES))
		return fail();
	return 0;
}

/* --- a conversation --- */

struct end {
	pid_t pid;
	int told; /* where it says which address it has */
};

static int start_end(struct end *end, int type, const struct sockaddr_in *server)
{
	int pipe_ends[2];

	if (pipe2(pipe_ends, O_CLOEXEC))
		return -errno;
	end->pid = fork();
	if (end->pid < 0) {
		close(pipe_ends[0]);
		close(pipe_ends[1]);
		return -errno;
	}
	if (!end->pid) {
		alarm(SECONDS_MOST);
		_exit(server ? ask(type, server, pipe_ends[1]) : serve(type, pipe_ends[1]));
	}
	close(pipe_ends[1]);
	end->told = pipe_ends[0];
	return 0;
}

/* 0, or why it did not do its part. */
static int end_status(struct end *end)
{
	int status;

	close(end->told);
	if (waitpid(end->pid, &status, 0) < 0)
		return errno;
	if (WIFSIGNALED(status))
		return ETIMEDOUT;
	return WEXITSTATUS(status) > STATUS_ERROR ? WEXITSTATUS(status) - STATUS_ERROR : 0;
}

static int run_program(char *const *words)
{
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_RDWR);
		for (int i = 0; i < 3; i++)
			dup2(null, i);
		execvp(words[0], words);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return 127;
	return WEXITSTATUS(status);
}

/* Have what is sent to the other address come to this server. Returns a problem or NULL. */
static const char *translate(const struct sockaddr_in *server)
{
	char rules[512], to[32];
	char *const nft[] = {"nft", rules, NULL};
	char *const iptables[] = {"iptables",
				  "-t",
				  "nat",
				  "-A",
				  "OUTPUT",
				  "-p",
				  "tcp",
				  "-d",
				  (char *)other_address,
				  "--dport",
				  "80",
				  "-j",
				  "DNAT",
				  "--to-destination",
				  to,
				  NULL};
	int status;

	snprintf(to, sizeof(to), "%s:%u", own_address, ntohs(server->sin_port));
	snprintf(rules, sizeof(rules),
		 "add table ip flowrec\n"
		 "add chain ip flowrec output { type nat hook output priority -100; }\n"
		 "add rule ip flowrec output ip daddr %s tcp dport %u dnat to %s\n",
		 other_address, TRANSLATED_PORT, to);
	status = run_program(nft);
	if (status == 127)
		status = run_program(iptables);
	if (status == 127)
		return "neither nft nor iptables is here";
	return status ? "no rule could be made that translates" : NULL;
}

static int converse(struct conversation *conversation, int type, int is_translated)
{
	struct sockaddr_in server, asked, client;
	struct end ends[2];
	const char *problem = NULL;
	int error = start_end(&ends[0], type, NULL), status;

	if (error)
		return -error;
	if (read(ends[0].told, &server, sizeof(server)) != sizeof(server))
		return end_status(&ends[0]);
	asked = is_translated ? place(other_address, TRANSLATED_PORT) : server;
	if (is_translated)
		problem = translate(&server);
	if (!problem)
		error = start_end(&ends[1], type, &asked);
	if (problem || error) {
		kill(ends[0].pid, SIGKILL);
		end_status(&ends[0]);
		snprintf(conversation->problem, sizeof(conversation->problem), "%s",
			 problem ? problem : strerror(-error));
		return 0;
	}
	if (read(ends[1].told, &client, sizeof(client)) != sizeof(client))
		kill(ends[0].pid, SIGKILL);
	error = end_status(&ends[1]);
	status = end_status(&ends[0]);
	conversation->tuple = (struct tuple){
		.source = mapped(&client),
		.source_port = ntohs(client.sin_port),
		.destination = mapped(&asked),
		.destination_port = ntohs(asked.sin_port),
		.protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
	};
	conversation->served_address = mapped(&server);
	conversation->served_port = ntohs(server.sin_port);
	conversation->client_pid = (uint32_t)ends[1].pid;
	conversation->server_pid = (uint32_t)ends[0].pid;
	conversation->asked_bytes = ASKED_BYTES;
	conversation->answered_bytes = ANSWERED_BYTES;
	return error ? error : status;
}

static void talk(struct conversation *conversation, int type, int is_translated)
{
	int error = converse(conversation, type, is_translated);

	if (error)
		snprintf(conversation->problem, sizeof(conversation->problem),
			 "they could not talk: %s", strerror(error));
}

/* --- processes --- */

static void live_shortly(struct self_report *report)
{
	pid_t pid = fork();

	if (!pid)
		_exit(SELF_FORKED_CODE);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	report->forked_pid = pid > 0 ? (uint32_t)pid : 0;
}

static void execute(struct self_report *report, const char *directory)
{
	char link[PATH_MAX], *const words[] = {(char *)SELF_NAME, NULL};
	int status = 0, null;
	pid_t pid;

	snprintf(link, sizeof(link), "%s/%s", directory, SELF_NAME);
	if (symlink("/proc/self/exe", link)) {
		snprintf(report->executed_problem, sizeof(report->executed_problem), "%s",
			 strerror(errno));
		return;
	}
	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		for (int i = 0; i < 3; i++)
			dup2(null, i);
		execv(link, words);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	report->executed_pid = (uint32_t)pid;
	report->executed_code = (uint32_t)WEXITSTATUS(status);
	if (pid < 0 || !WIFEXITED(status) || report->executed_code == 127)
		snprintf(report->executed_problem, sizeof(report->executed_problem),
			 "this program cannot be executed again");
	unlink(link);
}

/* --- the process --- */

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ioctl(file, SIOCSIFFLAGS, &request);
	close(file);
}

static void find_programs(void)
{
	const char *path = getenv("PATH");
	char *more;

	if (asprintf(&more, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin") < 0)
		return;
	setenv("PATH", more, 1);
	free(more);
}

static int be_the_process(int channel, const char *directory)
{
	struct self_report report = {.pid = (uint32_t)getpid()};
	struct stat namespace;
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char how;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	report.is_own_namespace = !unshare(CLONE_NEWNET);
	if (report.is_own_namespace)
		raise_loopback();
	find_programs();
	if (write(channel, "", 1) != 1 || read(channel, &how, 1) != 1)
		return 1;
	if (how & SELF_STAY_HERE && report.is_own_namespace)
		report.is_own_namespace = setns(here, CLONE_NEWNET) != 0;
	if (!stat("/proc/self/ns/net", &namespace))
		report.network_namespace = (uint32_t) namespace.st_ino;
	talk(&report.tcp, SOCK_STREAM, 0);
	talk(&report.udp, SOCK_DGRAM, 0);
	if (how & SELF_TRANSLATE && report.is_own_namespace)
		talk(&report.translated, SOCK_STREAM, 1);
	else
		snprintf(report.translated.problem, sizeof(report.translated.problem),
			 "no network namespace of its own to translate in");
	live_shortly(&report);
	execute(&report, directory);
	return write(channel, &report, sizeof(report)) != sizeof(report);
}

/* --- its starter --- */

int self_traffic_begin(struct self_traffic *traffic, const char *directory)
{
	int ends[2], error;
	char ready;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	traffic->channel = ends[0];
	traffic->pid = fork();
	error = -errno;
	if (!traffic->pid) {
		close(ends[0]);
		_exit(be_the_process(ends[1], directory));
	}
	close(ends[1]);
	if (traffic->pid > 0 && read(traffic->channel, &ready, 1) == 1)
		return 0;
	if (traffic->pid > 0)
		error = -EIO;
	self_traffic_end(traffic);
	return error;
}

int self_traffic_run(struct self_traffic *traffic, int how, struct self_report *report)
{
	char word = (char)how;
	ssize_t got = -1;

	if (write(traffic->channel, &word, 1) == 1)
		got = read(traffic->channel, report, sizeof(*report));
	self_traffic_end(traffic);
	return got == sizeof(*report) ? 0 : -EIO;
}

void self_traffic_end(struct self_traffic *traffic)
{
	close(traffic->channel);
	if (traffic->pid > 0)
		waitpid(traffic->pid, NULL, 0);
	traffic->pid = 0;
	traffic->channel = -1;
}
