/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to hear of every translation: 100,000 new UDP connections through a router that
 * translates both ends, sent as fast as it goes, with nobody listening, with either listener,
 * and with both in the same run.
 *
 * CPU time is that of each listener's thread, and the sender's, in whose time the kernel
 * forwards the packets, makes the translations and the events.
 */
#include "testdata/bench/kernel/listener.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS    100000U
#define ROUTER_ADDRESS "198.18.4.1"
#define LATEST_MS      3000 /* after the last packet */

enum { ARMS = 1 << LISTENERS }; /* each listener is a bit */

static const char *const arm_names[ARMS] = {"nobody", "flowtape", "netlink", "both"};

struct arm {
	struct samples rate;	  /* connections a second */
	struct samples sender_us; /* CPU time of a connection */
	struct samples cpu_s[LISTENERS];
	struct samples flows_cpu_s;
	uint32_t received[LISTENERS]; /* the fewest */
	uint32_t overruns;
};

/* Forget all connections of the router: a deletion that names none. */
static void forget_connections(const struct place *router)
{
	char bytes[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct place home = place_here();
	struct nfgenmsg *netfilter;
	struct mnl_socket *netlink;

	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	netfilter = mnl_nlmsg_put_extra_header(message, sizeof(*netfilter));
	netfilter->nfgen_family = AF_INET;
	netfilter->version = NFNETLINK_V0;
	place_enter(router);
	netlink = mnl_socket_open(NETLINK_NETFILTER);
	place_enter(&home);
	place_close(&home);
	if (!netlink || mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(netlink, message, message->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(netlink, bytes, sizeof(bytes)) < 0)
		fail("cannot forget connections");
	mnl_socket_close(netlink);
}

static void wait_for(struct listener *const listeners[LISTENERS])
{
	struct timespec pause = {.tv_nsec = 1000000};

	for (int ms = 0; ms < LATEST_MS; ms++) {
		int is_complete = 1;

		for (int kind = 0; kind < LISTENERS; kind++)
			if (listeners[kind] && listener_received(listeners[kind]) < CONNECTIONS)
				is_complete = 0;
		if (is_complete)
			return;
		nanosleep(&pause, NULL);
	}
}

static void run(int which, struct arm *arm, const struct place *router)
{
	struct datagrams *datagrams = datagrams_open(ROUTER_ADDRESS);
	struct listener *listeners[LISTENERS] = {0};
	double began_s, began_cpu_s;

	forget_connections(router);
	for (int kind = 0; kind < LISTENERS; kind++)
		if (which & 1 << kind)
			listeners[kind] = listener_open(kind, router, datagrams);
	began_s = now_s();
	began_cpu_s = thread_cpu_s();
	datagrams_send(datagrams, CONNECTIONS, CONNECTIONS, IN_TURN);
	samples_add(&arm->sender_us, (thread_cpu_s() - began_cpu_s) * 1e6 / CONNECTIONS);
	samples_add(&arm->rate, CONNECTIONS / (now_s() - began_s));
	wait_for(listeners);
	for (int kind = 0; kind < LISTENERS; kind++) {
		struct listened listened;

		if (!listeners[kind])
			continue;
		listener_close(listeners[kind], &listened);
		samples_add(&arm->cpu_s[kind], listened.cpu_s);
		if (kind == LISTENER_FLOWTAPE)
			samples_add(&arm->flows_cpu_s, listened.flows_cpu_s);
		if (listened.received < arm->received[kind])
			arm->received[kind] = listened.received;
		arm->overruns += listened.overruns;
	}
	datagrams_close(datagrams);
}

static void print_listener(const struct arm *arm, enum listener_kind kind)
{
	if (arm->cpu_s[kind].count)
		printf("\t%.4f\t%u", samples_summary(&arm->cpu_s[kind]).median,
		       arm->received[kind]);
	else
		printf("\t\t");
}

static void print_arm(const char *name, const struct arm *arm)
{
	printf("arm\t%s\t%.0f\t%.3f", name, samples_summary(&arm->rate).median,
	       samples_summary(&arm->sender_us).median);
	print_listener(arm, LISTENER_FLOWTAPE);
	if (arm->flows_cpu_s.count)
		printf("\t%.4f", samples_summary(&arm->flows_cpu_s).median);
	else
		printf("\t");
	print_listener(arm, LISTENER_NETLINK);
	printf("\t%u\n", arm->overruns);
}

void nat_part(int rounds, const struct place *client, const struct place *router)
{
	struct arm arms[ARMS] = {0};
	const struct arm *both = &arms[ARMS - 1];
	struct samples ratio = {0};
	struct summary summary;
	double began_s = now_s();
	int done = 0;

	place_enter(client);
	for (int which = 0; which < ARMS; which++)
		for (int kind = 0; kind < LISTENERS; kind++)
			arms[which].received[kind] = CONNECTIONS;
	for (; rounds_go_on(done, rounds, began_s); done++)
		for (int i = 0; i < ARMS; i++)
			run((done + i) % ARMS, &arms[(done + i) % ARMS], router);
	for (int round = 0; round < done; round++)
		samples_add(&ratio, both->cpu_s[LISTENER_FLOWTAPE].values[round] /
					    both->cpu_s[LISTENER_NETLINK].values[round]);
	for (int which = 0; which < ARMS; which++)
		print_arm(arm_names[which], &arms[which]);
	summary = samples_summary(&ratio);
	printf("rounds\t%d\n", done);
	printf("ratio\t%.4f\t%.4f\t%.4f\n", summary.median, summary.low, summary.high);
}
