/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe plan, as data; and the choice among alternatives.
 */
#include "recorder/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int required;
	const char *absence; /* what is missing without it */
} features[FEATURE_COUNT] = {
	[FEATURE_FLOW_RECEIVE] = {"flow receive", 1, "nothing is seen where it arrives"},
	[FEATURE_FLOW_TRANSMIT] = {"flow transmit", 1, "nothing is seen where it leaves"},
	[FEATURE_NAT] = {"nat", 0, "new translations are not seen"},
	[FEATURE_NAT_END] = {"nat end", 0, "when translations end is not seen"},
	[FEATURE_NAT_SOCKET] = {"nat of sockets", 0,
				"what sockets asked for is not known where other programs "
				"redirect them"},
	[FEATURE_PROCESS_FORK] = {"process fork", 0, "no fork events"},
	[FEATURE_PROCESS_EXEC] = {"process exec", 0, "no exec events"},
	[FEATURE_PROCESS_EXIT] = {"process exit", 0, "no exit events"},
	[FEATURE_PROCESS_CGROUP] =
		{"process cgroup", 0,
		 "a process moved to another cgroup is seen there at its next exec"},
	[FEATURE_CGROUP_PATHS] =
		{"cgroup paths", 0,
		 "cgroups that are gone before they are looked up have no path"},
	[FEATURE_OWNER_CREATE] = {"owner create", 0,
				  "owners are known from the first connect, send or receive"},
	[FEATURE_OWNER_BIND] = {"owner bind", 0,
				"receivers of datagrams are known from their first receive "
				"only"},
	[FEATURE_OWNER_STATE] = {"owner state", 0,
				 "listeners are known from the first accept only"},
	[FEATURE_OWNER_SEND] = {"owner send", 0,
				"sockets that exist already are known from the walk at start "
				"only"},
	[FEATURE_OWNER_RECEIVE] = {"owner receive", 0,
				   "receivers that never send are known from their bind or the "
				   "walk at start only"},
	[FEATURE_STATE_PROCESSES] = {"state of processes", 0,
				     "processes before the start are not known"},
	[FEATURE_STATE_SOCKETS] = {"state of sockets", 0,
				   "owners of sockets before the start are not known"},
	[FEATURE_STATE_NAT] =
		{"state of nat", 0,
		 "translations before the start are known from their next packet"},
	[FEATURE_RETRANSMIT] = {"retransmit", 0, "no TCP retransmissions are counted"},
	[FEATURE_DROP] = {"drop", 0, "dropped packets are not counted"},
};

static const char *const kinds[HOOK_COUNT] = {
	[HOOK_TP_BTF] = "tp_btf",
	[HOOK_FENTRY] = "fentry",
	[HOOK_FEXIT] = "fexit",
	[HOOK_KPROBE] = "kprobe",
	[HOOK_KRETPROBE] = "kretprobe",
	[HOOK_CGROUP] = "cgroup",
	[HOOK_CGROUP_FIRST] = "cgroup first",
	[HOOK_ITER] = "iter",
	[HOOK_TCX] = "tcx",
	[HOOK_CLSACT] = "clsact",
	[HOOK_SKB] = "skb",
	[HOOK_WALK] = "walk",
	[HOOK_NETLINK] = "netlink",
	[HOOK_LIBPCAP] = "libpcap",
	[HOOK_DUMP] = "dump",
};

#define NOTICES \
	"each connection costs its host more; a new namespace is heard a moment after it is there"

#define ASLEEP "detached until other programs redirect sockets"

/* Those of one feature stand together, the best first. */
static const struct alternative alternatives[] = {
	{FEATURE_FLOW_RECEIVE, HOOK_TP_BTF, "netif_receive_skb", .programs = {"on_receive"},
	 .loss = "what a VLAN, macvlan, ipvlan or bond device receives shows at the one below it"},
	{FEATURE_FLOW_RECEIVE, HOOK_TCX, "ingress", .programs = {"on_tc_ingress"},
	 .loss = "a new interface is watched a moment after it is there"},
	{FEATURE_FLOW_RECEIVE, HOOK_CLSACT, "ingress", .programs = {"on_tc_ingress"},
	 .loss = "a new interface is watched a moment after it is there; filters stay when the "
		 "recorder is killed"},
	{FEATURE_FLOW_RECEIVE, HOOK_LIBPCAP, "any", .module = NULL,
	 .loss = "this network namespace only"},
	{FEATURE_FLOW_TRANSMIT, HOOK_TP_BTF, "net_dev_queue", .programs = {"on_transmit"}},
	{FEATURE_FLOW_TRANSMIT, HOOK_TCX, "egress", .programs = {"on_tc_egress"},
	 .loss = "a new interface is watched a moment after it is there"},
	{FEATURE_FLOW_TRANSMIT, HOOK_CLSACT, "egress", .programs = {"on_tc_egress"},
	 .loss = "a new interface is watched a moment after it is there; filters stay when the "
		 "recorder is killed"},
	{FEATURE_FLOW_TRANSMIT, HOOK_LIBPCAP, "any", .module = NULL,
	 .loss = "this network namespace only, without senders' processes and translations; "
		 "what a device will split counts as one packet"},
	{FEATURE_NAT, HOOK_FENTRY, "__nf_conntrack_hash_insert",
	 .programs = {"on_conntrack_insert"}, .module = "nf_conntrack"},
	{FEATURE_NAT, HOOK_KPROBE, "__nf_conntrack_hash_insert",
	 .programs = {"on_conntrack_insert_kprobe"}, .module = "nf_conntrack"},
	{FEATURE_NAT, HOOK_FEXIT, "__nf_conntrack_confirm",
	 .programs = {"on_conntrack_confirm"}, .module = "nf_conntrack"},
	{FEATURE_NAT, HOOK_SKB, "_nfct", .module = "nf_conntrack",
	 .loss = "translations to this host show with their first answer, or by a walk"},
	{FEATURE_NAT, HOOK_NETLINK, "conntrack_new", .loss = NOTICES},
	{FEATURE_NAT_END, HOOK_FENTRY, "nf_ct_delete", .programs = {"on_conntrack_delete"},
	 .module = "nf_conntrack"},
	{FEATURE_NAT_END, HOOK_KPROBE, "nf_ct_delete",
	 .programs = {"on_conntrack_delete_kprobe"}, .module = "nf_conntrack"},
	{FEATURE_NAT_END, HOOK_WALK, "nf_conntrack",
	 .programs = {"find_conntrack_table", "walk_conntrack", "end_gone"},
	 .module = "nf_conntrack", .loss = "ends are known to about a second"},
	{FEATURE_NAT_END, HOOK_NETLINK, "conntrack_destroy",
	 .loss = NOTICES "; not of entries from before the start"},
	{FEATURE_NAT_SOCKET, HOOK_CGROUP_FIRST, "connect",
	 .programs = {"on_connect4", "on_connect6", "on_sendmsg4", "on_sendmsg6"},
	 .loss = ASLEEP},
	{FEATURE_NAT_SOCKET, HOOK_FENTRY, "__inet_stream_connect",
	 .programs = {"on_stream_connect", "on_dgram_connect", "on_udp_sendmsg",
		      "on_udpv6_sendmsg"},
	 .loss = ASLEEP},
	{FEATURE_PROCESS_FORK, HOOK_TP_BTF, "sched_process_fork", .programs = {"on_fork"}},
	{FEATURE_PROCESS_EXEC, HOOK_TP_BTF, "sched_process_exec", .programs = {"on_exec"}},
	{FEATURE_PROCESS_EXIT, HOOK_TP_BTF, "sched_process_exit", .programs = {"on_exit"}},
	{FEATURE_PROCESS_CGROUP, HOOK_TP_BTF, "cgroup_attach_task",
	 .programs = {"on_cgroup_move"}},
	{FEATURE_CGROUP_PATHS, HOOK_TP_BTF, "cgroup_mkdir", .programs = {"on_cgroup_made"}},
	{FEATURE_OWNER_CREATE, HOOK_CGROUP, "sock_create", .programs = {"on_socket_create"}},
	{FEATURE_OWNER_BIND, HOOK_CGROUP, "post_bind", .programs = {"on_bind4", "on_bind6"}},
	{FEATURE_OWNER_STATE, HOOK_TP_BTF, "inet_sock_set_state",
	 .programs = {"on_socket_state"}},
	{FEATURE_OWNER_SEND, HOOK_TP_BTF, "sock_send_length", .programs = {"on_socket_send"}},
	{FEATURE_OWNER_RECEIVE, HOOK_TP_BTF, "sock_recv_length",
	 .programs = {"on_socket_receive"}},
	{FEATURE_STATE_PROCESSES, HOOK_ITER, "task", .programs = {"each_task"}},
	{FEATURE_STATE_SOCKETS, HOOK_ITER, "task_file", .programs = {"each_file"}},
	{.feature = FEATURE_STATE_NAT, .hook = HOOK_DUMP, .name = "conntrack"},
	{FEATURE_RETRANSMIT, HOOK_TP_BTF, "tcp_retransmit_skb",
	 .programs = {"on_retransmit", "on_retransmit_synack"}},
	{FEATURE_DROP, HOOK_TP_BTF, "kfree_skb", .programs = {"on_drop"}},
};

#define ALTERNATIVES (sizeof(alternatives) / sizeof(alternatives[0]))
_Static_assert(ALTERNATIVES <= PLAN_MOST, "room for every alternative");

static void name_variant(char *variant, size_t size, const struct alternative *alternative)
{
	snprintf(variant, size, "%s/%s", kinds[alternative->hook], alternative->name);
}

void plan_begin(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->count = ALTERNATIVES;
	for (size_t i = 0; i < ALTERNATIVES; i++) {
		struct probe *probe = &plan->probes[i];

		probe->alternative = &alternatives[i];
		probe->feature = features[alternatives[i].feature].name;
		name_variant(probe->variant, sizeof(probe->variant), &alternatives[i]);
	}
}

static int is_named(const struct alternative *alternative, const char *word)
{
	char variant[sizeof(((struct probe *)0)->variant)];

	name_variant(variant, sizeof(variant), alternative);
	return !strcmp(word, variant) || !strcmp(word, kinds[alternative->hook]) ||
	       !strcmp(word, alternative->name);
}

int plan_has_hook(const char *word)
{
	for (size_t i = 0; i < ALTERNATIVES; i++)
		if (is_named(&alternatives[i], word))
			return 1;
	for (int i = 0; i < HOOK_COUNT; i++)
		if (!strcmp(word, kinds[i]))
			return 1;
	return 0;
}

void plan_leave_out(struct plan *plan, const char *word)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_named(plan->probes[i].alternative, word))
			plan->probes[i].state = PROBE_LEFT_OUT;
}

struct probe *plan_chosen(struct plan *plan, enum feature feature)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->probes[i].alternative->feature == feature &&
		    plan->probes[i].state == PROBE_CHOSEN)
			return &plan->probes[i];
	return NULL;
}

void plan_choose(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->probes[i].state == PROBE_SPARE &&
		    !plan_chosen(plan, plan->probes[i].alternative->feature))
			plan->probes[i].state = PROBE_CHOSEN;
}

void plan_refuse(struct plan *plan, struct probe *probe, const char *format, ...)
{
	va_list arguments;

	probe->state = PROBE_REFUSED;
	va_start(arguments, format);
	vsnprintf(probe->explanation, sizeof(probe->explanation), format, arguments);
	va_end(arguments);
}

static void explain(struct plan *plan, struct probe *probe)
{
	enum feature feature = probe->alternative->feature;
	const struct probe *chosen = plan_chosen(plan, feature);
	int is_last = probe + 1 == plan->probes + plan->count ||
		      probe[1].alternative->feature != feature;
	size_t used;

	if (probe->state == PROBE_CHOSEN)
		snprintf(probe->explanation, sizeof(probe->explanation), "%s",
			 probe->alternative->loss ? probe->alternative->loss : "");
	else if (probe->state == PROBE_SPARE)
		snprintf(probe->explanation, sizeof(probe->explanation),
			 "not tried: %s is used", chosen->variant);
	else if (probe->state == PROBE_LEFT_OUT)
		snprintf(probe->explanation, sizeof(probe->explanation),
			 "left out by --without");
	used = strlen(probe->explanation);
	if (!chosen && is_last)
		snprintf(probe->explanation + used, sizeof(probe->explanation) - used, "; %s",
			 features[feature].absence);
}

void plan_explain(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		explain(plan, &plan->probes[i]);
}

int plan_has_spare(const struct plan *plan, const struct probe *probe)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->probes[i].alternative->feature == probe->alternative->feature &&
		    plan->probes[i].state == PROBE_SPARE)
			return 1;
	return 0;
}

int plan_is_required(enum feature feature)
{
	return features[feature].required;
}
