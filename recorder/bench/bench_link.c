/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the two namespaces and the veth pair between them.
 */
#include "recorder/bench/bench_link.h"
#include "recorder/thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX_BITS 30
#define MAC_BYTES   6

/* 198.18.0.0/15 is for this: RFC 2544. Other indexes at the two ends: nobody may mix them up.
 */
static const struct end {
	const char *interface, *address;
	int index;
	uint8_t mac[MAC_BYTES];
} ends[BENCH_ENDS] = {
	[BENCH_NEAR] = {"near0", "198.18.0.1", 11, {0x02, 0, 0x5e, 0x12, 0, 1}},
	[BENCH_FAR] = {"far0", "198.18.0.2", 22, {0x02, 0, 0x5e, 0x12, 0, 2}},
};

struct bench_link {
	pid_t process[BENCH_ENDS]; /* 0: none */
	int namespaces[BENCH_ENDS];
	char place[BENCH_ENDS][64];
};

/* --- work in a namespace --- */

struct visit {
	const struct bench_link *link;
	enum bench_end end;
	int (*work)(struct visit *visit);
	int type; /* of a socket */
	int result;
};

static void *enter_and_work(void *argument)
{
	struct visit *visit = argument;

	visit->result = setns(visit->link->namespaces[visit->end], CLONE_NEWNET)
				? -errno
				: visit->work(visit);
	return NULL;
}

/* In a thread of its own: the caller stays where it is. */
static int visit_end(struct visit *visit)
{
	pthread_t thread;
	int error = thread_start(&thread, "bench link", enter_and_work, visit);

	if (error)
		return error;
	pthread_join(thread, NULL);
	return visit->result;
}

/* --- netlink --- */

static int talk(struct mnl_socket *socket, struct nlmsghdr *request)
{
	char answer[8192];
	ssize_t size;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = 1;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	size = mnl_socket_recvfrom(socket, answer, sizeof(answer));
	if (size < 0 ||
	    mnl_cb_run(answer, (size_t)size, 1, mnl_socket_get_portid(socket), NULL, NULL) < 0)
		return -errno;
	return 0;
}

static struct ifinfomsg *begin_link(char *buffer, struct nlmsghdr **request, int index)
{
	struct ifinfomsg *link;

	*request = mnl_nlmsg_put_header(buffer);
	(*request)->nlmsg_type = RTM_NEWLINK;
	link = mnl_nlmsg_put_extra_header(*request, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = index;
	return link;
}

static void describe(struct nlmsghdr *request, const struct end *end)
{
	mnl_attr_put_strz(request, IFLA_IFNAME, end->interface);
	mnl_attr_put(request, IFLA_ADDRESS, MAC_BYTES, end->mac);
}

/* Here is the near end; the other one is made in its own namespace. */
static int make_pair(struct mnl_socket *socket, int far_namespace)
{
	char buffer[1024] = {0};
	struct nlmsghdr *request;
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *header;

	begin_link(buffer, &request, ends[BENCH_NEAR].index);
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	describe(request, &ends[BENCH_NEAR]);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->ifi_index = ends[BENCH_FAR].index;
	describe(request, &ends[BENCH_FAR]);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)far_namespace);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	return talk(socket, request);
}

static int raise_end(struct mnl_socket *socket, const struct end *end)
{
	char buffer[512] = {0};
	struct nlmsghdr *request;
	struct ifinfomsg *link = begin_link(buffer, &request, end->index);

	link->ifi_flags = link->ifi_change = IFF_UP;
	return talk(socket, request);
}

static int add_address(struct mnl_socket *socket, const struct end *end)
{
	char buffer[512] = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *address = mnl_nlmsg_put_extra_header(request, sizeof(*address));

	request->nlmsg_type = RTM_NEWADDR;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	*address = (struct ifaddrmsg){
		.ifa_family = AF_INET,
		.ifa_prefixlen = PREFIX_BITS,
		.ifa_index = (uint32_t)end->index,
	};
	mnl_attr_put_u32(request, IFA_LOCAL, inet_addr(end->address));
	mnl_attr_put_u32(request, IFA_ADDRESS, inet_addr(end->address));
	return talk(socket, request);
}

/* So that nobody ever asks who has an address. */
static int add_neighbour(struct mnl_socket *socket, const struct end *end,
			 const struct end *other)
{
	char buffer[512] = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *neighbour = mnl_nlmsg_put_extra_header(request, sizeof(*neighbour));

	request->nlmsg_type = RTM_NEWNEIGH;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
	*neighbour = (struct ndmsg){
		.ndm_family = AF_INET,
		.ndm_ifindex = end->index,
		.ndm_state = NUD_PERMANENT,
	};
	mnl_attr_put_u32(request, NDA_DST, inet_addr(other->address));
	mnl_attr_put(request, NDA_LLADDR, MAC_BYTES, other->mac);
	return talk(socket, request);
}

/* Its own packets would be counted. A kernel without IPv6 has no such file. */
static void leave_ipv6_out(void)
{
	static const char *const files[] = {
		"/proc/sys/net/ipv6/conf/all/disable_ipv6",
		"/proc/sys/net/ipv6/conf/default/disable_ipv6",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int file = open(files[i], O_WRONLY | O_CLOEXEC);

		if (file < 0)
			continue;
		if (write(file, "1", 1) < 0)
			errno = 0;
		close(file);
	}
}

static int with_socket(int (*work)(struct mnl_socket *socket, const struct visit *visit),
		       const struct visit *visit)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int error;

	if (!socket)
		return -errno;
	error = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno
								   : work(socket, visit);
	mnl_socket_close(socket);
	return error;
}

static int prepare_pair(struct mnl_socket *socket, const struct visit *visit)
{
	return make_pair(socket, visit->link->namespaces[BENCH_FAR]);
}

static int prepare_end(struct mnl_socket *socket, const struct visit *visit)
{
	const struct end *end = &ends[visit->end], *other = &ends[!visit->end];
	int error = add_address(socket, end);

	if (!error)
		error = raise_end(socket, end);
	return error ? error : add_neighbour(socket, end, other);
}

static int visit_to_leave_ipv6_out(struct visit *visit)
{
	leave_ipv6_out();
	return 0;
}

static int visit_to_make_pair(struct visit *visit)
{
	return with_socket(prepare_pair, visit);
}

static int visit_to_prepare(struct visit *visit)
{
	return with_socket(prepare_end, visit);
}

/* --- the processes --- */

_Noreturn static void stay(int ready)
{
	sigset_t all;

	/* A terminal's Ctrl-C is not for it: it ends with its parent. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "flowrec-bench");
	if (unshare(CLONE_NEWNET) || write(ready, "", 1) != 1)
		_exit(errno);
	close(ready);
	/* Where the parent was gone before it was to be told of. */
	while (getppid() != 1)
		pause();
	_exit(0);
}

static int start_process(struct bench_link *link, enum bench_end end)
{
	int ready[2], status;
	char path[48], byte;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	link->process[end] = fork();
	if (!link->process[end])
		stay(ready[1]);
	close(ready[1]);
	if (link->process[end] < 0) {
		link->process[end] = 0;
		close(ready[0]);
		return -errno;
	}
	if (read(ready[0], &byte, 1) != 1) {
		close(ready[0]);
		waitpid(link->process[end], &status, 0);
		link->process[end] = 0;
		return WIFEXITED(status) && WEXITSTATUS(status) ? -WEXITSTATUS(status) : -EIO;
	}
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", link->process[end]);
	snprintf(link->place[end], sizeof(link->place[end]), "%s:%s", path,
		 ends[end].interface);
	link->namespaces[end] = open(path, O_RDONLY | O_CLOEXEC);
	return link->namespaces[end] < 0 ? -errno : 0;
}

/* --- what the header promises --- */

int bench_link_open(struct bench_link **out, char **problem)
{
	struct bench_link *link = calloc(1, sizeof(*link));
	const char *what = "cannot make a network namespace";
	int error = link ? 0 : -ENOMEM;

	*problem = NULL;
	for (int end = 0; end < BENCH_ENDS && link; end++)
		link->namespaces[end] = -1;
	for (int end = 0; end < BENCH_ENDS && !error; end++)
		error = start_process(link, end);
	for (int end = 0; end < BENCH_ENDS && !error; end++)
		error = visit_end(&(struct visit){
			.link = link, .end = end, .work = visit_to_leave_ipv6_out});
	if (!error) {
		what = "cannot make a veth pair";
		error = visit_end(&(struct visit){
			.link = link, .end = BENCH_NEAR, .work = visit_to_make_pair});
	}
	for (int end = 0; end < BENCH_ENDS && !error; end++) {
		what = "cannot set up a veth interface";
		error = visit_end(
			&(struct visit){.link = link, .end = end, .work = visit_to_prepare});
	}
	if (error) {
		if (asprintf(problem, "%s: %s%s", what, strerror(-error),
			     error == -EPERM ? ": run as root" : "") < 0)
			*problem = NULL;
		bench_link_close(link);
		return error;
	}
	*out = link;
	return 0;
}

void bench_link_close(struct bench_link *link)
{
	if (!link)
		return;
	for (int end = 0; end < BENCH_ENDS; end++) {
		if (link->namespaces[end] >= 0)
			close(link->namespaces[end]);
		if (!link->process[end])
			continue;
		kill(link->process[end], SIGKILL);
		waitpid(link->process[end], NULL, 0);
	}
	free(link);
}

static int visit_to_make_socket(struct visit *visit)
{
	int made = socket(AF_INET, visit->type | SOCK_CLOEXEC, 0);

	return made < 0 ? -errno : made;
}

int bench_link_socket(const struct bench_link *link, enum bench_end end, int type)
{
	return visit_end(&(struct visit){
		.link = link, .end = end, .work = visit_to_make_socket, .type = type});
}

struct sockaddr_in bench_link_address(enum bench_end end, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(ends[end].address),
	};
}

const char *bench_link_place(const struct bench_link *link, enum bench_end end)
{
	return link->place[end];
}
