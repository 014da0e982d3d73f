/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says what an interface does itself for those who send by it, where ip(8) does not yet.
 *
 *   offload INTERFACE tags on|off    takes VLAN tags beside the frame, or in it
 *   offload INTERFACE super BYTES    takes super packets up to this size; more than 65536 is
 * BIG TCP
 *   offload INTERFACE merged BYTES   makes super packets of what it receives up to this size
 *   offload INTERFACE tso on|off     takes TCP's super packets as they are
 *   offload INTERFACE gro on|off     makes super packets of what it receives
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Linux 6.3; linux/if_link.h may be older. */
#define GSO_IPV4_MAX_SIZE 63
#define GRO_IPV4_MAX_SIZE 64

static int set_flag(const char *interface, uint32_t flag, int on)
{
	struct ethtool_value request = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq name = {.ifr_data = (void *)&request};
	int control = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(name.ifr_name, sizeof(name.ifr_name), "%s", interface);
	if (ioctl(control, SIOCETHTOOL, &name))
		return -errno;
	request.cmd = ETHTOOL_SFLAGS;
	request.data = on ? request.data | flag : request.data & ~flag;
	return ioctl(control, SIOCETHTOOL, &name) ? -errno : 0;
}

/* Both attributes; the second one of a packet of IPv4, where that has its own. */
static int set_sizes(const char *interface, uint16_t attribute, uint16_t ipv4, uint32_t bytes)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		struct {
			struct rtattr attribute;
			uint32_t value;
		} sizes[2];
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_NEWLINK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.link = {.ifi_index = (int)if_nametoindex(interface)},
		.sizes = {{{RTA_LENGTH(4), attribute}, bytes}, {{RTA_LENGTH(4), ipv4}, bytes}},
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr answer;
		char more[256];
	} reply;
	int link = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (send(link, &request, sizeof(request), 0) < 0 ||
	    recv(link, &reply, sizeof(reply), 0) < 0)
		return -errno;
	return reply.answer.error;
}

/* The command that sets such a feature; 0: there is none of that name. */
static uint32_t command_of(const char *feature)
{
	if (!strcmp(feature, "tso"))
		return ETHTOOL_STSO;
	return !strcmp(feature, "gro") ? ETHTOOL_SGRO : 0;
}

static int set_feature(const char *interface, uint32_t command, int on)
{
	struct ethtool_value request = {.cmd = command, .data = on};
	struct ifreq name = {.ifr_data = (void *)&request};
	int control = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(name.ifr_name, sizeof(name.ifr_name), "%s", interface);
	return ioctl(control, SIOCETHTOOL, &name) ? -errno : 0;
}

int main(int count, char **words)
{
	uint32_t command;
	int error;

	if (count != 4) {
		fprintf(stderr,
			"usage: offload INTERFACE tags|tso|gro on|off | super|merged BYTES\n");
		return 64;
	}
	command = command_of(words[2]);
	if (command)
		error = set_feature(words[1], command, !strcmp(words[3], "on"));
	else if (!strcmp(words[2], "tags"))
		error = set_flag(words[1], ETH_FLAG_TXVLAN, !strcmp(words[3], "on"));
	else if (!strcmp(words[2], "merged"))
		error = set_sizes(words[1], IFLA_GRO_MAX_SIZE, GRO_IPV4_MAX_SIZE,
				  (uint32_t)atoi(words[3]));
	else
		error = set_sizes(words[1], IFLA_GSO_MAX_SIZE, GSO_IPV4_MAX_SIZE,
				  (uint32_t)atoi(words[3]));
	if (error)
		fprintf(stderr, "%s: %s\n", words[1], strerror(-error));
	return error ? 1 : 0;
}
