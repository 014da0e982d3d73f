/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and attaches the programs in the kernel by the plan below.
 */
#include "recorder/probes.h"
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How each program finds its hook, and what its absence means. */
static const struct plan_line {
	const char *program;
	const char *feature;
	const char *variant;
	const char *hook; /* tracepoint in the kernel's BTF, or NULL */
	int required;
	const char *loss; /* what is missing without it */
} plan[] = {
	{"on_receive", "flow", "tp_btf/netif_receive_skb", "btf_trace_netif_receive_skb", 1,
	 ""},
	{"on_transmit", "flow", "tp_btf/net_dev_queue", "btf_trace_net_dev_queue", 1, ""},
	{"on_fork", "process", "tp_btf/sched_process_fork", "btf_trace_sched_process_fork", 0,
	 "no fork events"},
	{"on_exec", "process", "tp_btf/sched_process_exec", "btf_trace_sched_process_exec", 0,
	 "no exec events"},
	{"on_exit", "process", "tp_btf/sched_process_exit", "btf_trace_sched_process_exit", 0,
	 "no exit events"},
	{"on_cgroup_move", "process", "tp_btf/cgroup_attach_task",
	 "btf_trace_cgroup_attach_task", 0,
	 "a process moved to another cgroup is seen there at its next exec"},
	{"on_cgroup_made", "process", "tp_btf/cgroup_mkdir", "btf_trace_cgroup_mkdir", 0,
	 "cgroups that are gone before they are looked up have no path"},
	{"on_socket_create", "owner", "cgroup/sock_create", NULL, 0,
	 "owners are known from the first connect, send or receive"},
	{"on_socket_state", "owner", "tp_btf/inet_sock_set_state",
	 "btf_trace_inet_sock_set_state", 0, "listeners are known from the first accept only"},
	{"on_socket_send", "owner", "tp_btf/sock_send_length", "btf_trace_sock_send_length", 0,
	 "sockets that exist already are known from the walk at start only"},
	{"on_socket_receive", "owner", "tp_btf/sock_recv_length", "btf_trace_sock_recv_length",
	 0, "receivers that never send are known from the walk at start only"},
	{"each_task", "state", "iter/task", NULL, 0,
	 "processes before the start are not known"},
	{"each_file", "state", "iter/task_file", NULL, 0,
	 "owners of sockets before the start are not known"},
};

#define PLAN_LINES (sizeof(plan) / sizeof(plan[0]))
_Static_assert(PLAN_LINES < PROBES_MOST, "room for the plan and its NAT line");

/* Only this thread's last words of libbpf are kept; it has no other way to return them. */
static _Thread_local char last_words[512];

static int keep_words(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[512];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = 0;
	if (line[0])
		memcpy(last_words, line, sizeof(last_words));
	return 0;
}

static struct probe *add_line(struct probes *probes, const char *feature, const char *variant)
{
	struct probe *line = &probes->plan[probes->plan_count++];

	line->feature = feature;
	line->variant = variant;
	return line;
}

/* Leave out the programs whose tracepoint this kernel does not have. */
static void choose(struct probes *probes)
{
	struct btf *kernel = btf__load_vmlinux_btf();

	for (size_t i = 0; i < PLAN_LINES; i++) {
		struct probe *line = add_line(probes, plan[i].feature, plan[i].variant);
		struct bpf_program *program = bpf_object__find_program_by_name(
			probes->skeleton->obj, plan[i].program);

		line->chosen = 1;
		if (kernel && plan[i].hook &&
		    btf__find_by_name_kind(kernel, plan[i].hook, BTF_KIND_TYPEDEF) < 0) {
			line->chosen = 0;
			bpf_program__set_autoload(program, false);
			snprintf(line->explanation, sizeof(line->explanation),
				 "this kernel has no such tracepoint; %s", plan[i].loss);
		}
	}
	btf__free(kernel);
}

static char *cgroup2_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry;
	char *path = NULL;

	while (mounts && !path && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, "cgroup2"))
			path = strdup(entry->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return path;
}

static struct bpf_link *attach_to_cgroups(struct bpf_program *program)
{
	char *mount = cgroup2_mount();
	int directory = mount ? open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct bpf_link *link = NULL;

	if (directory >= 0) {
		link = bpf_program__attach_cgroup(program, directory);
		close(directory);
	} else
		errno = mount ? errno : ENOENT;
	free(mount);
	return link;
}

static int attach(struct probes *probes, char **problem)
{
	for (size_t i = 0; i < PLAN_LINES; i++) {
		struct probe *line = &probes->plan[i];
		struct bpf_program *program = bpf_object__find_program_by_name(
			probes->skeleton->obj, plan[i].program);

		if (!line->chosen)
			continue;
		errno = 0;
		probes->links[i] = strncmp(line->variant, "cgroup/", 7)
					   ? bpf_program__attach(program)
					   : attach_to_cgroups(program);
		if (probes->links[i])
			continue;
		line->chosen = 0;
		snprintf(line->explanation, sizeof(line->explanation), "cannot attach: %s; %s",
			 strerror(errno), plan[i].loss);
		if (plan[i].required) {
			if (asprintf(problem, "cannot attach to %s: %s", line->variant,
				     strerror(errno)) < 0)
				*problem = NULL;
			return errno ? -errno : -EIO;
		}
	}
	return 0;
}

/* NAT needs no hook of its own, but the kernel's conntrack types. */
static void plan_nat(struct probes *probes)
{
	struct probe *line = add_line(probes, "nat", "net_dev_queue, _nfct");
	struct btf *kernel = btf__load_vmlinux_btf();
	struct btf *module = NULL;

	line->chosen = kernel && btf__find_by_name_kind(kernel, "nf_conn", BTF_KIND_STRUCT) > 0;
	if (!line->chosen && kernel) {
		module = btf__load_module_btf("nf_conntrack", kernel);
		line->chosen = module && !libbpf_get_error(module);
	}
	if (!line->chosen)
		snprintf(line->explanation, sizeof(line->explanation),
			 "nf_conntrack is not loaded; translations made later are not seen");
	if (module && !libbpf_get_error(module))
		btf__free(module);
	btf__free(kernel);
}

static int load(struct probes *probes, const struct probes_options *options, char **problem)
{
	int error;

	if (options->flow_entries) {
		bpf_map__set_max_entries(probes->skeleton->maps.flows_0, options->flow_entries);
		bpf_map__set_max_entries(probes->skeleton->maps.flows_1, options->flow_entries);
	}
	error = flowtape_bpf__load(probes->skeleton);
	if (!error)
		return 0;
	if (error == -EPERM) {
		if (asprintf(problem,
			     "the kernel allows no BPF here: run as root, or with CAP_BPF, "
			     "CAP_PERFMON and CAP_NET_ADMIN") < 0)
			*problem = NULL;
	} else if (asprintf(problem, "cannot load the BPF programs: %s (%s)", strerror(-error),
			    last_words) < 0)
		*problem = NULL;
	return error;
}

int probes_open(const struct probes_options *options, struct probes **out, char **problem)
{
	struct probes *probes = calloc(1, sizeof(*probes));
	int error = 0;

	*problem = NULL;
	if (!probes)
		return -ENOMEM;
	libbpf_set_print(keep_words);
	probes->stats = -1;
	probes->skeleton = flowtape_bpf__open();
	probes->keys = malloc(DRAIN_ENTRIES * sizeof(*probes->keys));
	probes->values = malloc(DRAIN_ENTRIES * sizeof(*probes->values));
	probes->cpu_count = (unsigned int)libbpf_num_possible_cpus();
	probes->counters = calloc(probes->cpu_count, STAGE_COUNTERS * sizeof(uint64_t));
	if (!probes->skeleton || !probes->keys || !probes->values || !probes->counters) {
		error = -ENOMEM;
		goto fail;
	}
	choose(probes);
	plan_nat(probes);
	error = load(probes, options, problem);
	if (!error)
		error = attach(probes, problem);
	if (error)
		goto fail;
	/* Only for as long as the descriptor is open; where it is refused, run times stay zero.
	 */
	probes->stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	*out = probes;
	return 0;
fail:
	probes_close(probes);
	return error;
}

void probes_detach(struct probes *probes)
{
	for (size_t i = 0; i < PROBES_MOST; i++) {
		bpf_link__destroy(probes->links[i]);
		probes->links[i] = NULL;
	}
}

void probes_close(struct probes *probes)
{
	if (!probes)
		return;
	probes_detach(probes);
	if (probes->stats >= 0)
		close(probes->stats);
	ring_buffer__free(probes->ring);
	flowtape_bpf__destroy(probes->skeleton);
	free(probes->keys);
	free(probes->values);
	free(probes->counters);
	free(probes);
}

const struct probe *probes_plan(const struct probes *probes, size_t *count)
{
	*count = probes->plan_count;
	return probes->plan;
}

static struct bpf_link *link_of(struct probes *probes, const char *program)
{
	for (size_t i = 0; i < PLAN_LINES; i++)
		if (!strcmp(plan[i].program, program))
			return probes->links[i];
	return NULL;
}

static int iterate(struct probes *probes, const char *program)
{
	struct bpf_link *link = link_of(probes, program);

	return link ? bpf_iter_create(bpf_link__fd(link)) : -ENOENT;
}

int probes_processes(struct probes *probes)
{
	return iterate(probes, "each_task");
}

int probes_own_sockets(struct probes *probes)
{
	int file = iterate(probes, "each_file");
	char nothing[256];
	ssize_t got;

	if (file < 0)
		return file;
	do
		got = read(file, nothing, sizeof(nothing));
	while (got > 0 || (got < 0 && errno == EAGAIN));
	close(file);
	return got < 0 ? -errno : 0;
}
