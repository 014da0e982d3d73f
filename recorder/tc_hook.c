/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches a TC program to an interface: tcx by bpf(2), which this libbpf does not know; clsact
 * by libbpf.
 */
#include "recorder/tc_hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BUFFER_SIZE 32768 /* what the kernel fills at once */

/* include/uapi/linux/bpf.h of Linux 6.6 */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

struct link_create {
	uint32_t program, interface_index, attach_type, flags;
	uint32_t relative, zero;
	uint64_t expected_revision;
};

/* struct bpf_link_info as it is for tcx. */
struct link_info {
	uint32_t type, id, program_id, zero;
	uint32_t interface_index, attach_type;
	uint64_t more[6];
};

static int attach_tcx(struct tc_hook *hook, int program)
{
	struct link_create create = {
		.program = (uint32_t)program,
		.interface_index = (uint32_t)hook->interface_index,
		.attach_type = hook->direction == IO_RECEIVE ? TCX_INGRESS : TCX_EGRESS,
	};

	hook->link = (int)syscall(__NR_bpf, BPF_LINK_CREATE, &create, sizeof(create));
	return hook->link < 0 ? -errno : 0;
}

static struct bpf_tc_hook place_of(const struct tc_hook *hook)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = hook->interface_index,
		.attach_point = hook->direction == IO_RECEIVE ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
}

static struct bpf_tc_opts filter_of(const struct tc_hook *hook)
{
	return (struct bpf_tc_opts){
		.sz = sizeof(struct bpf_tc_opts),
		.handle = hook->handle,
		.priority = hook->priority,
	};
}

static int attach_clsact(struct tc_hook *hook, int program)
{
	struct bpf_tc_hook place = place_of(hook);
	struct bpf_tc_opts filter = {.sz = sizeof(filter), .prog_fd = program};
	int error = bpf_tc_hook_create(&place);

	if (error && error != -EEXIST)
		return error;
	hook->has_made_qdisc = !error;
	/* Without a priority of ours the kernel puts it before those that are there. */
	error = bpf_tc_attach(&place, &filter);
	hook->handle = filter.handle;
	hook->priority = filter.priority;
	return error;
}

int tc_hook_attach(struct tc_hook *hook, enum tc_kind kind, enum io_direction direction,
		   int interface_index, int program)
{
	struct tc_hook made = {
		.kind = kind,
		.direction = direction,
		.interface_index = interface_index,
		.link = -1,
	};
	int error = kind == TC_TCX ? attach_tcx(&made, program) : attach_clsact(&made, program);

	if (!error)
		*hook = made;
	else if (made.has_made_qdisc)
		tc_hook_detach(&made);
	return error;
}

int tc_hook_is_attached(const struct tc_hook *hook)
{
	struct bpf_tc_hook place = place_of(hook);
	struct bpf_tc_opts filter = filter_of(hook);
	struct link_info info = {0};
	uint32_t size = sizeof(info);

	if (hook->kind == TC_CLSACT)
		return !bpf_tc_query(&place, &filter);
	return hook->kind == TC_TCX &&
	       !bpf_obj_get_info_by_fd(hook->link, (struct bpf_link_info *)&info, &size) &&
	       info.interface_index != 0;
}

static int count_filter(const struct nlmsghdr *message, void *count)
{
	*(unsigned int *)count += message->nlmsg_type == RTM_NEWTFILTER;
	return MNL_CB_OK;
}

static int ask_filters(struct mnl_socket *socket, int interface_index, uint32_t parent,
		       unsigned int *count)
{
	char buffer[BUFFER_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *filter;
	ssize_t size;
	int result = MNL_CB_OK;

	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = parent;
	filter = mnl_nlmsg_put_extra_header(request, sizeof(*filter));
	filter->tcm_family = AF_UNSPEC;
	filter->tcm_ifindex = interface_index;
	filter->tcm_parent = parent;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (result == MNL_CB_OK) {
		size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (size < 0)
			return -errno;
		result = mnl_cb_run(buffer, (size_t)size, parent, mnl_socket_get_portid(socket),
				    count_filter, count);
	}
	return result < 0 ? -errno : 0;
}

/* Whether an interface's clsact qdisc has filters; yes, too, when that is not known. */
static int has_filters(int interface_index)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	unsigned int count = 0;
	int error;

	if (!socket)
		return 1;
	error = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
		ask_filters(socket, interface_index, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
			    &count) ||
		ask_filters(socket, interface_index, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
			    &count);
	mnl_socket_close(socket);
	return error || count;
}

void tc_hook_detach(struct tc_hook *hook)
{
	struct bpf_tc_hook place = place_of(hook);
	struct bpf_tc_opts filter = filter_of(hook);

	if (hook->kind == TC_TCX)
		close(hook->link);
	if (hook->kind == TC_CLSACT) {
		if (hook->handle)
			bpf_tc_detach(&place, &filter);
		place.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		if (hook->has_made_qdisc && !has_filters(hook->interface_index))
			bpf_tc_hook_destroy(&place);
	}
	hook->kind = TC_NONE;
}
