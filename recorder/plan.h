/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe plan: what the recorder wants to know of the kernel, and the ways to get it.
 *
 * A feature is one thing that is worth knowing. Its alternatives are hooks that tell it, the
 * best first; of each feature one is used, the first that this kernel does not refuse. What was
 * refused says why, in one line, and so does what was not needed. All of it goes into the
 * recording.
 */
#ifndef RECORDER_PLAN_H
#define RECORDER_PLAN_H

#include <stddef.h>

enum feature {
	FEATURE_FLOW_RECEIVE,
	FEATURE_FLOW_TRANSMIT,
	FEATURE_NAT,
	FEATURE_NAT_END,
	FEATURE_NAT_SOCKET,
	FEATURE_PROCESS_FORK,
	FEATURE_PROCESS_EXEC,
	FEATURE_PROCESS_EXIT,
	FEATURE_PROCESS_CGROUP,
	FEATURE_CGROUP_PATHS,
	FEATURE_OWNER_CREATE,
	FEATURE_OWNER_BIND,
	FEATURE_OWNER_STATE,
	FEATURE_OWNER_SEND,
	FEATURE_OWNER_RECEIVE,
	FEATURE_STATE_PROCESSES,
	FEATURE_STATE_SOCKETS,
	FEATURE_STATE_NAT,
	FEATURE_RETRANSMIT,
	FEATURE_DROP,
	FEATURE_COUNT
};

enum hook_kind {
	HOOK_TP_BTF,
	HOOK_FENTRY,
	HOOK_FEXIT,
	HOOK_KPROBE,
	HOOK_KRETPROBE,
	HOOK_CGROUP,	   /* at the root of the cgroup2 hierarchy */
	HOOK_CGROUP_FIRST, /* there, before the programs further down */
	HOOK_ITER,
	HOOK_TCX, /* on every interface, as the next, too */
	HOOK_CLSACT,
	HOOK_SKB,     /* no program of its own: a field that the programs of the flow read */
	HOOK_WALK,    /* programs that user space runs, through a table of the kernel's */
	HOOK_NETLINK, /* no program: the kernel's notices */
	HOOK_LIBPCAP,
	HOOK_DUMP, /* nor here: asked by netlink once */
	HOOK_COUNT
};

#define ALTERNATIVE_PROGRAMS 4

struct alternative {
	enum feature feature;
	enum hook_kind hook;
	const char *name; /* of the tracepoint, function, field, ... */
	const char *programs[ALTERNATIVE_PROGRAMS]; /* in the object */
	const char *module; /* that has the function or the types; NULL: the kernel proper */
	const char *loss;   /* what is worse when this one is used; NULL: nothing */
};

enum probe_state {
	PROBE_SPARE, /* not tried: a better one is used */
	PROBE_CHOSEN,
	PROBE_REFUSED,
	PROBE_LEFT_OUT, /* by option */
};

/* An alternative, and what became of it. */
struct probe {
	const struct alternative *alternative;
	const char *feature;
	char variant[64]; /* as people see it: KIND/NAME */
	enum probe_state state;
	int is_proven; /* its programs have been loaded, alone */
	char explanation[192];
};

#define PLAN_MOST 48

struct plan {
	struct probe probes[PLAN_MOST];
	size_t count;
};

/* Every alternative there is, as spare. */
void plan_begin(struct plan *plan);

/*
 * Whether some hook goes by this word: a variant (tp_btf/sched_process_exec), its kind (tp_btf)
 * or its name (sched_process_exec).
 */
int plan_has_hook(const char *word);

/* Leave out the hooks that go by this word. */
void plan_leave_out(struct plan *plan, const char *word);

/* Of each feature, choose the first alternative that was neither refused nor left out. */
void plan_choose(struct plan *plan);

/* Say no to an alternative, with the reason; what is chosen in its place, plan_choose says. */
void plan_refuse(struct plan *plan, struct probe *probe, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Write the explanations of what is chosen, spare, and missing altogether. */
void plan_explain(struct plan *plan);

/* The alternative in use, or NULL. */
struct probe *plan_chosen(struct plan *plan, enum feature feature);

/* Whether an alternative is left that could take the place of this one. */
int plan_has_spare(const struct plan *plan, const struct probe *probe);

int plan_is_required(enum feature feature);

#endif
