/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both threads take each event when it comes, and both tuples of it, and tick the flow off.
 */
#include "testdata/bench/kernel/listener.h"

#include "recorder/probes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define PATIENCE_MS	20 /* how long a thread waits before it looks whether to end */
#define RECEIVE_BUFFER	(8 << 20)
#define MESSAGES_BUFFER (1 << 16)
#define FLOW_ENTRIES	262144U

struct listener {
	pthread_t thread, flows_thread;
	atomic_int is_over;
	const struct datagrams *datagrams;
	uint32_t network_namespace;
	struct probes *probes;
	struct mnl_socket *netlink;
	uint8_t is_seen[DATAGRAMS_FLOWS_MOST];
	atomic_uint received;
	struct listened listened;
};

/* What both kinds learn of a translation. */
struct translation {
	struct address source, destination, reply_source, reply_destination;
	uint16_t source_port, destination_port, reply_source_port, reply_destination_port;
};

static void tick_off(struct listener *listener, const struct translation *told)
{
	uint32_t flow;

	if (!memcmp(&told->source, &told->reply_destination, sizeof(told->source)) &&
	    !memcmp(&told->destination, &told->reply_source, sizeof(told->source)) &&
	    told->source_port == told->reply_destination_port &&
	    told->destination_port == told->reply_source_port)
		return;
	flow = datagrams_flow(listener->datagrams, told->source_port, told->destination_port);
	if (flow == DATAGRAMS_FLOWS_MOST || listener->is_seen[flow])
		return;
	listener->is_seen[flow] = 1;
	atomic_fetch_add_explicit(&listener->received, 1, memory_order_relaxed);
}

/* --- Flowtape's events --- */

static int take_record(void *context, void *record, size_t size)
{
	struct listener *listener = context;
	const struct nat_event *event = record;
	struct translation told;

	if (event->header.kind != EVENT_NAT ||
	    event->network_namespace != listener->network_namespace)
		return 0;
	told = (struct translation){
		.source = event->original.source,
		.destination = event->original.destination,
		.reply_source = event->reply.source,
		.reply_destination = event->reply.destination,
		.source_port = event->original.source_port,
		.destination_port = event->original.destination_port,
		.reply_source_port = event->reply.source_port,
		.reply_destination_port = event->reply.destination_port,
	};
	tick_off(listener, &told);
	return 0;
}

static void *listen_to_probes(void *context)
{
	struct listener *listener = context;
	double began_s = thread_cpu_s();
	int is_last;

	do {
		is_last = atomic_load(&listener->is_over);
		probes_poll(listener->probes, is_last ? 0 : PATIENCE_MS, take_record, listener);
	} while (!is_last);
	listener->listened.cpu_s = thread_cpu_s() - began_s;
	return NULL;
}

static int leave_flow(void *context, const struct flow_key *key, const struct flow_value *value)
{
	return 0;
}

/* The same programs count flows; as in the recorder, somebody empties their table in time. */
static void *empty_flows(void *context)
{
	struct timespec pause = {.tv_nsec = PATIENCE_MS * 1000000};
	struct listener *listener = context;
	size_t entries;

	while (!atomic_load(&listener->is_over)) {
		if (probes_are_filling(listener->probes) &&
		    (probes_turn(listener->probes) ||
		     probes_drain_flows(listener->probes, leave_flow, NULL, &entries)))
			fail("flows");
		nanosleep(&pause, NULL);
	}
	listener->listened.flows_cpu_s = thread_cpu_s();
	return NULL;
}

/* --- conntrack's events --- */

static void read_address(const struct nlattr *attribute, struct address *address)
{
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};

	if (mnl_attr_get_payload_len(attribute) == 4)
		memcpy(bytes + 12, mnl_attr_get_payload(attribute), 4);
	else if (mnl_attr_get_payload_len(attribute) == 16)
		memcpy(bytes, mnl_attr_get_payload(attribute), 16);
	memcpy(address, bytes, sizeof(bytes));
}

static void read_tuple(const struct nlattr *tuple, struct address *source,
		       struct address *destination, uint16_t *source_port,
		       uint16_t *destination_port)
{
	const struct nlattr *nest, *attribute;

	mnl_attr_for_each_nested(nest, tuple)
	{
		int is_ip = mnl_attr_get_type(nest) == CTA_TUPLE_IP;

		if (!is_ip && mnl_attr_get_type(nest) != CTA_TUPLE_PROTO)
			continue;
		mnl_attr_for_each_nested(attribute, nest)
		{
			int type = mnl_attr_get_type(attribute);

			if (is_ip && (type == CTA_IP_V4_SRC || type == CTA_IP_V6_SRC))
				read_address(attribute, source);
			else if (is_ip)
				read_address(attribute, destination);
			else if (type == CTA_PROTO_SRC_PORT)
				*source_port = ntohs(mnl_attr_get_u16(attribute));
			else if (type == CTA_PROTO_DST_PORT)
				*destination_port = ntohs(mnl_attr_get_u16(attribute));
		}
	}
}

static int take_message(const struct nlmsghdr *message, void *context)
{
	struct translation told = {0};
	const struct nlattr *attribute;

	if ((message->nlmsg_type & 0xff) != IPCTNL_MSG_CT_NEW)
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attribute) == CTA_TUPLE_ORIG)
			read_tuple(attribute, &told.source, &told.destination,
				   &told.source_port, &told.destination_port);
		else if (mnl_attr_get_type(attribute) == CTA_TUPLE_REPLY)
			read_tuple(attribute, &told.reply_source, &told.reply_destination,
				   &told.reply_source_port, &told.reply_destination_port);
	}
	tick_off(context, &told);
	return MNL_CB_OK;
}

static void *listen_to_netlink(void *context)
{
	struct listener *listener = context;
	char *messages = calloc(1, MESSAGES_BUFFER);
	double began_s = thread_cpu_s();
	int is_last;

	if (!messages)
		fail("memory");
	do {
		ssize_t size;

		is_last = atomic_load(&listener->is_over);
		size = mnl_socket_recvfrom(listener->netlink, messages, MESSAGES_BUFFER);
		if (size > 0) {
			mnl_cb_run(messages, (size_t)size, 0, 0, take_message, listener);
			is_last = 0;
		} else if (size < 0 && errno == ENOBUFS) {
			listener->listened.overruns++;
			is_last = 0;
		} else if (size < 0 && errno != EAGAIN)
			fail("netlink");
	} while (!is_last);
	listener->listened.cpu_s = thread_cpu_s() - began_s;
	free(messages);
	return NULL;
}

/* Blocking, so that an event costs one system call; with a buffer that loses nothing. */
static struct mnl_socket *subscribe(const struct place *router)
{
	struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
	struct place home = place_here();
	struct mnl_socket *netlink;
	int bytes = RECEIVE_BUFFER;

	place_enter(router);
	netlink = mnl_socket_open(NETLINK_NETFILTER);
	place_enter(&home);
	place_close(&home);
	if (!netlink ||
	    setsockopt(mnl_socket_get_fd(netlink), SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
		       sizeof(bytes)) ||
	    setsockopt(mnl_socket_get_fd(netlink), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) ||
	    mnl_socket_bind(netlink, NF_NETLINK_CONNTRACK_NEW, MNL_SOCKET_AUTOPID) < 0)
		fail("conntrack events");
	return netlink;
}

/* --- both --- */

struct listener *listener_open(enum listener_kind kind, const struct place *router,
			       const struct datagrams *datagrams)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	struct probes_options options = {.flow_entries = FLOW_ENTRIES};
	char *problem = NULL;
	int error = 0;

	if (!listener)
		fail("memory");
	listener->datagrams = datagrams;
	listener->network_namespace = place_inode(router);
	if (kind == LISTENER_FLOWTAPE)
		error = probes_open(&options, &listener->probes, &problem);
	else
		listener->netlink = subscribe(router);
	errno = -error;
	if (error)
		fail("%s", problem ? problem : "probes");
	if (pthread_create(&listener->thread, NULL,
			   kind == LISTENER_FLOWTAPE ? listen_to_probes : listen_to_netlink,
			   listener) ||
	    (listener->probes &&
	     pthread_create(&listener->flows_thread, NULL, empty_flows, listener)))
		fail("thread");
	return listener;
}

uint32_t listener_received(struct listener *listener)
{
	return atomic_load_explicit(&listener->received, memory_order_relaxed);
}

void listener_close(struct listener *listener, struct listened *listened)
{
	atomic_store(&listener->is_over, 1);
	pthread_join(listener->thread, NULL);
	if (listener->probes)
		pthread_join(listener->flows_thread, NULL);
	*listened = listener->listened;
	listened->received = listener_received(listener);
	probes_close(listener->probes);
	if (listener->netlink)
		mnl_socket_close(listener->netlink);
	free(listener);
}
