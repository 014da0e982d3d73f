/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices of conntrack entries, by ctnetlink
 * (include/uapi/linux/netfilter/nfnetlink_conntrack.h).
 */
#include "recorder/notices.h"
#include "recorder/conntrack.h"
#include "recorder/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/net_namespace.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_BYTES	    (8 << 20) /* what burst the kernel may queue for us */
#define MESSAGE_BYTES	    8192
#define NAMESPACES_MOST	    1024
#define LOOK_AGAIN_AFTER_NS 2000000000ULL

struct notices {
	struct mnl_socket *socket, *routes;
	uint32_t own_inode;
	struct {
		int id; /* that the own namespace gave it */
		uint32_t inode;
	} namespaces[NAMESPACES_MOST];
	size_t namespace_count;
	uint64_t looked_ns;
	uint32_t drops; /* as the kernel counted them at the last look */
};

/* Keep messages about entries with a translation, and those that do not say. */
static int filter(int socket)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_IMM, NLMSG_HDRLEN + sizeof(struct nfgenmsg)),
		BPF_STMT(BPF_LDX | BPF_IMM, CTA_STATUS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, NLA_HDRLEN),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IPS_NAT_MASK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog whole = {sizeof(program) / sizeof(program[0]), program};

	return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof(whole)) ? -errno
										       : 0;
}

static uint64_t boot_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int prepare(struct notices *notices)
{
	int bytes = QUEUE_BYTES, on = 1;
	int fd;

	notices->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	notices->routes = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!notices->socket || !notices->routes)
		return errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno;
	fd = mnl_socket_get_fd(notices->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on));
	if (mnl_socket_bind(notices->socket, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_bind(notices->routes, 0, MNL_SOCKET_AUTOPID))
		return -errno;
	return filter(fd);
}

int notices_join(struct notices *notices, enum notices_kind kind)
{
	int group = kind == NOTICES_NEW ? NFNLGRP_CONNTRACK_NEW : NFNLGRP_CONNTRACK_DESTROY;

	return mnl_socket_setsockopt(notices->socket, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group))
		       ? -errno
		       : 0;
}

void notices_close(struct notices *notices)
{
	if (!notices)
		return;
	if (notices->socket)
		mnl_socket_close(notices->socket);
	if (notices->routes)
		mnl_socket_close(notices->routes);
	free(notices);
}

/* --- whose message it is --- */

static int take_id(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct rtgenmsg))
	{
		if (mnl_attr_get_type(attribute) == NETNSA_NSID &&
		    mnl_attr_get_payload_len(attribute) == sizeof(int))
			memcpy(context, mnl_attr_get_payload(attribute), sizeof(int));
	}
	return MNL_CB_OK;
}

/* Ask for the id of a namespace that is open as file, or, with RTM_NEWNSID, for a new one. */
static void ask(const struct notices *notices, uint16_t type, int file, int *id)
{
	char buffer[MESSAGE_BYTES];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	ssize_t size = -1;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | (type == RTM_NEWNSID ? NLM_F_ACK : 0);
	mnl_nlmsg_put_extra_header(request, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(request, NETNSA_FD, (uint32_t)file);
	if (type == RTM_NEWNSID)
		mnl_attr_put_u32(request, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	if (mnl_socket_sendto(notices->routes, request, request->nlmsg_len) > 0)
		size = mnl_socket_recvfrom(notices->routes, buffer, sizeof(buffer));
	if (size > 0)
		mnl_cb_run(buffer, (size_t)size, 0, mnl_socket_get_portid(notices->routes),
			   take_id, id);
}

/* The id that the own namespace has for another one; it gets one where it has none. */
static int id_of(const struct notices *notices, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC), id = NETNSA_NSID_NOT_ASSIGNED;

	if (file < 0)
		return id;
	ask(notices, RTM_GETNSID, file, &id);
	if (id == NETNSA_NSID_NOT_ASSIGNED) {
		ask(notices, RTM_NEWNSID, file, &id);
		ask(notices, RTM_GETNSID, file, &id);
	}
	close(file);
	return id;
}

static int learn(const struct network_namespace *one, int error, void *context)
{
	struct notices *notices = context;
	int id;

	if (error || one->inode == notices->own_inode ||
	    notices->namespace_count == NAMESPACES_MOST)
		return 0;
	id = id_of(notices, one->path);
	if (id == NETNSA_NSID_NOT_ASSIGNED)
		return 0;
	notices->namespaces[notices->namespace_count].id = id;
	notices->namespaces[notices->namespace_count++].inode = one->inode;
	return 0;
}

static void learn_namespaces(struct notices *notices)
{
	notices->looked_ns = boot_now();
	notices->namespace_count = 0;
	namespaces_visit(learn, notices);
}

int notices_open(struct notices **out)
{
	struct notices *notices;
	struct stat own;
	int error;

	/* Where conntrack is not there, listening would load it. */
	if (access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) ||
	    stat("/proc/self/ns/net", &own))
		return -EOPNOTSUPP;
	notices = calloc(1, sizeof(*notices));
	if (!notices)
		return -ENOMEM;
	notices->own_inode = (uint32_t)own.st_ino;
	error = prepare(notices);
	if (error) {
		notices_close(notices);
		return error;
	}
	learn_namespaces(notices);
	*out = notices;
	return 0;
}

/* 0: not known. */
static uint32_t find_namespace(const struct notices *notices, int id)
{
	if (id == NETNSA_NSID_NOT_ASSIGNED)
		return notices->own_inode;
	for (size_t i = 0; i < notices->namespace_count; i++)
		if (notices->namespaces[i].id == id)
			return notices->namespaces[i].inode;
	return 0;
}

static int sender_id(struct msghdr *message)
{
	int id = NETNSA_NSID_NOT_ASSIGNED;

	for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one; one = CMSG_NXTHDR(message, one))
		if (one->cmsg_level == SOL_NETLINK && one->cmsg_type == NETLINK_LISTEN_ALL_NSID)
			memcpy(&id, CMSG_DATA(one), sizeof(id));
	return id;
}

/* --- messages --- */

struct taking {
	struct nat_event stamp; /* what no message says */
	int (*take)(const struct nat_event *event, void *context);
	void *context;
	int error;
};

static int take_message(const struct nlmsghdr *message, void *context)
{
	struct taking *taking = context;
	struct nat_event event = taking->stamp;

	if ((message->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE)
		event.header.kind = EVENT_NAT_END;
	if (conntrack_read(message, &event))
		taking->error = taking->take(&event, taking->context);
	return taking->error < 0 ? MNL_CB_STOP : MNL_CB_OK;
}

static uint64_t count_lost(struct notices *notices)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0}, lost;
	socklen_t size = sizeof(memory);

	if (getsockopt(mnl_socket_get_fd(notices->socket), SOL_SOCKET, SO_MEMINFO, memory,
		       &size))
		return 0;
	lost = memory[SK_MEMINFO_DROPS] - notices->drops;
	notices->drops = memory[SK_MEMINFO_DROPS];
	return lost;
}

int notices_take(struct notices *notices,
		 int (*take)(const struct nat_event *event, void *context), void *context,
		 uint64_t *lost)
{
	char bytes[MESSAGE_BYTES], control[CMSG_SPACE(sizeof(int))];
	struct taking taking = {.take = take, .context = context};

	if (boot_now() > notices->looked_ns + LOOK_AGAIN_AFTER_NS)
		learn_namespaces(notices);
	while (taking.error >= 0) {
		struct iovec vector = {bytes, sizeof(bytes)};
		struct msghdr message = {
			.msg_iov = &vector,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t size =
			recvmsg(mnl_socket_get_fd(notices->socket), &message, MSG_DONTWAIT);

		if (size < 0 && (errno == ENOBUFS || errno == EINTR))
			continue;
		if (size <= 0)
			break;
		taking.stamp = (struct nat_event){
			.header = {.kind = EVENT_NAT, .time_ns = boot_now()},
			.network_namespace = find_namespace(notices, sender_id(&message)),
			.is_new = 1,
			.told_by = NAT_BY_NOTICE,
		};
		mnl_cb_run(bytes, (size_t)size, 0, 0, take_message, &taking);
	}
	*lost = count_lost(notices);
	return taking.error < 0 ? taking.error : 0;
}
