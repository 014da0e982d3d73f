/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interfaces of a network namespace, by rtnetlink(7).
 */
#include "recorder/interfaces.h"
#include "recorder/utf8.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE 32768 /* what the kernel fills at once */
#define TRIES	    4	  /* a list that changes while it is read is read again */

struct round {
	int (*visit)(const struct interface_entry *entry,
		     const struct interface_counters *counters, void *context);
	void *context;
};

static const char *find_kind(const struct nlattr *link_info)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, link_info)
	{
		if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND &&
		    !mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING))
			return mnl_attr_get_str(attribute);
	}
	return NULL;
}

static void take_mac(struct interface_entry *entry, const struct nlattr *attribute)
{
	static const uint8_t none[sizeof(entry->mac)];

	if (mnl_attr_get_payload_len(attribute) != sizeof(entry->mac))
		return;
	memcpy(entry->mac, mnl_attr_get_payload(attribute), sizeof(entry->mac));
	entry->has_mac = memcmp(entry->mac, none, sizeof(none)) != 0;
}

static void take_counters(struct interface_counters *counters, const struct nlattr *attribute)
{
	struct rtnl_link_stats64 all;

	if (mnl_attr_get_payload_len(attribute) < sizeof(all))
		return;
	memcpy(&all, mnl_attr_get_payload(attribute), sizeof(all));
	counters->received_packets = all.rx_packets;
	counters->transmitted_packets = all.tx_packets;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
	const struct round *round = context;
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct interface_entry entry = {0};
	struct interface_counters counters = {0};
	char *name = NULL;
	int error;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	entry.interface_index = (uint32_t)link->ifi_index;
	mnl_attr_for_each(attribute, message, sizeof(*link))
	{
		switch (mnl_attr_get_type(attribute)) {
		case IFLA_IFNAME:
			if (!name)
				name = utf8_escape(mnl_attr_get_payload(attribute),
						   mnl_attr_get_payload_len(attribute));
			break;
		case IFLA_ADDRESS:
			take_mac(&entry, attribute);
			break;
		case IFLA_LINKINFO:
			entry.kind = find_kind(attribute);
			break;
		case IFLA_STATS64:
			take_counters(&counters, attribute);
			break;
		}
	}
	entry.name = name;
	error = name ? round->visit(&entry, &counters, round->context) : -ENOMEM;
	free(name);
	if (error < 0) {
		errno = -error;
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

static int ask(struct mnl_socket *socket, uint32_t sequence, struct round *round)
{
	char buffer[BUFFER_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;
	ssize_t size;
	int result = MNL_CB_OK;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = sequence;
	link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (result == MNL_CB_OK) {
		size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (size < 0)
			return -errno;
		result = mnl_cb_run(buffer, (size_t)size, sequence,
				    mnl_socket_get_portid(socket), take_link, round);
	}
	return result < 0 ? -errno : 0;
}

int interfaces_visit(int (*visit)(const struct interface_entry *entry,
				  const struct interface_counters *counters, void *context),
		     void *context)
{
	struct round round = {visit, context};
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int error = -EINTR;

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		error = -errno;
	for (uint32_t i = 1; i <= TRIES && error == -EINTR; i++)
		error = ask(socket, i, &round);
	mnl_socket_close(socket);
	return error;
}

struct listing {
	struct inventory *inventory;
	uint32_t network_namespace;
	const char *name;
	uint64_t now_ns;
};

static int list(const struct interface_entry *entry, const struct interface_counters *counters,
		void *context)
{
	const struct listing *listing = context;
	struct interface_entry whole = *entry;

	whole.network_namespace = listing->network_namespace;
	whole.network_namespace_name = listing->name;
	whole.first_ns = listing->now_ns;
	return inventory_interface(listing->inventory, &whole);
}

int interfaces_list(struct inventory *inventory, uint32_t network_namespace, const char *name,
		    uint64_t now_epoch_ns)
{
	struct listing listing = {inventory, network_namespace, name, now_epoch_ns};

	return interfaces_visit(list, &listing);
}
