/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conntrack entries of a network namespace, by ctnetlink (include/uapi/linux/netfilter/
 * nfnetlink_conntrack.h).
 *
 * The attributes are read here and not by libnetfilter_conntrack because that library keeps one
 * ICMP identifier for both tuples, and a translation may change it.
 */
#include "recorder/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_SIZE 32768 /* what the kernel fills at once */
#define PATIENCE_S  10

struct dump {
	uint32_t network_namespace;
	int (*take)(const struct nat_event *event, void *context);
	void *context;
	struct conntrack_count *count;
	uint64_t now_ns;
	int error;
};

/* An attribute's bytes, if there are exactly so many. */
static int read_bytes(const struct nlattr *attribute, void *to, size_t size)
{
	if (mnl_attr_get_payload_len(attribute) != size)
		return 0;
	memcpy(to, mnl_attr_get_payload(attribute), size);
	return 1;
}

static uint16_t read_number16(const struct nlattr *attribute)
{
	uint16_t number = 0;

	read_bytes(attribute, &number, sizeof(number));
	return ntohs(number);
}

static uint8_t read_number8(const struct nlattr *attribute)
{
	uint8_t number = 0;

	read_bytes(attribute, &number, sizeof(number));
	return number;
}

static void read_address(const struct nlattr *attribute, struct address *address)
{
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};

	if (read_bytes(attribute, bytes, sizeof(bytes)) || read_bytes(attribute, bytes + 12, 4))
		memcpy(address, bytes, sizeof(bytes));
}

static void read_addresses(const struct nlattr *nest, struct tuple *tuple)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, nest)
	{
		switch (mnl_attr_get_type(attribute)) {
		case CTA_IP_V4_SRC:
		case CTA_IP_V6_SRC:
			read_address(attribute, &tuple->source);
			break;
		case CTA_IP_V4_DST:
		case CTA_IP_V6_DST:
			read_address(attribute, &tuple->destination);
			break;
		}
	}
}

static void read_protocol(const struct nlattr *nest, struct tuple *tuple)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, nest)
	{
		switch (mnl_attr_get_type(attribute)) {
		case CTA_PROTO_NUM:
			tuple->protocol = read_number8(attribute);
			break;
		case CTA_PROTO_SRC_PORT:
			tuple->source_port = read_number16(attribute);
			break;
		case CTA_PROTO_DST_PORT:
			tuple->destination_port = read_number16(attribute);
			break;
		case CTA_PROTO_ICMP_ID:
		case CTA_PROTO_ICMPV6_ID:
			tuple->source_port = tuple->destination_port = read_number16(attribute);
			break;
		case CTA_PROTO_ICMP_TYPE:
		case CTA_PROTO_ICMPV6_TYPE:
			tuple->icmp_type = read_number8(attribute);
			break;
		case CTA_PROTO_ICMP_CODE:
		case CTA_PROTO_ICMPV6_CODE:
			tuple->icmp_code = read_number8(attribute);
			break;
		}
	}
}

/* A zone that holds for one direction only is in that direction's tuple. */
static void read_tuple(const struct nlattr *nest, struct tuple *tuple, uint16_t *zone)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, nest)
	{
		switch (mnl_attr_get_type(attribute)) {
		case CTA_TUPLE_IP:
			read_addresses(attribute, tuple);
			break;
		case CTA_TUPLE_PROTO:
			read_protocol(attribute, tuple);
			break;
		case CTA_TUPLE_ZONE:
			*zone = read_number16(attribute);
			break;
		}
	}
}

static int is_translated(const struct nat_event *event)
{
	const struct tuple *there = &event->original, *back = &event->reply;

	return memcmp(&there->source, &back->destination, sizeof(struct address)) ||
	       memcmp(&there->destination, &back->source, sizeof(struct address)) ||
	       there->source_port != back->destination_port ||
	       there->destination_port != back->source_port;
}

int conntrack_read(const struct nlmsghdr *message, struct nat_event *event)
{
	const struct nlattr *attribute;
	uint32_t number = 0;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return 0;
	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
	{
		switch (mnl_attr_get_type(attribute)) {
		case CTA_TUPLE_ORIG:
			read_tuple(attribute, &event->original, &event->zone);
			break;
		case CTA_TUPLE_REPLY:
			read_tuple(attribute, &event->reply, &event->zone);
			break;
		case CTA_ZONE:
			event->zone = read_number16(attribute);
			break;
		case CTA_MARK:
			read_bytes(attribute, &number, sizeof(number));
			event->mark = ntohl(number);
			break;
		case CTA_ID:
			read_bytes(attribute, &number, sizeof(number));
			event->entry = ntohl(number);
			break;
		}
	}
	return is_translated(event);
}

static int take_entry(const struct nlmsghdr *message, void *context)
{
	struct dump *dump = context;
	struct nat_event event = {
		.header = {.kind = EVENT_NAT, .time_ns = dump->now_ns},
		.network_namespace = dump->network_namespace,
		.told_by = NAT_BY_DUMP,
	};

	dump->count->entries++;
	if (!conntrack_read(message, &event))
		return MNL_CB_OK;
	dump->count->translated++;
	/* What the programs in the kernel know an entry by is something else. */
	event.entry = 0;
	dump->error = dump->take(&event, dump->context);
	return dump->error < 0 ? MNL_CB_STOP : MNL_CB_OK;
}

static int send_request(struct mnl_socket *socket, uint32_t sequence)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *family;

	request->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = sequence;
	family = mnl_nlmsg_put_extra_header(request, sizeof(*family));
	family->nfgen_family = AF_UNSPEC;
	family->version = NFNETLINK_V0;
	return mnl_socket_sendto(socket, request, request->nlmsg_len) < 0 ? -errno : 0;
}

static int receive(struct mnl_socket *socket, uint32_t sequence, struct dump *dump)
{
	char buffer[BUFFER_SIZE];
	int result = MNL_CB_OK;
	ssize_t size;

	while (result == MNL_CB_OK && dump->error >= 0) {
		size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (size < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		errno = 0;
		result = mnl_cb_run(buffer, (size_t)size, sequence,
				    mnl_socket_get_portid(socket), take_entry, dump);
	}
	if (dump->error < 0)
		return dump->error;
	/* What nfnetlink says when nobody answers for this subsystem
	 * (net/netfilter/nfnetlink.c). */
	if (result < 0 && errno == EINVAL)
		return -EOPNOTSUPP;
	return result < 0 ? -errno : 0;
}

/* Asking is not free of effects where conntrack is not there: it would load the module. */
static int has_entries(void)
{
	int file = open("/proc/sys/net/netfilter/nf_conntrack_count", O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	int any;

	if (file < 0)
		return errno != ENOENT;
	any = read(file, text, sizeof(text) - 1) < 0 || strtoull(text, NULL, 10) > 0;
	close(file);
	return any;
}

int conntrack_dump(uint32_t network_namespace,
		   int (*take)(const struct nat_event *event, void *context), void *context,
		   struct conntrack_count *count)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	struct dump dump = {network_namespace, take, context, count, 0, 0};
	struct mnl_socket *socket;
	struct timespec now;
	int error;

	*count = (struct conntrack_count){0};
	if (!has_entries())
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &now);
	dump.now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!socket)
		return errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno;
	setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	error = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
	if (!error)
		error = send_request(socket, 1);
	if (!error)
		error = receive(socket, 1, &dump);
	mnl_socket_close(socket);
	return error;
}
