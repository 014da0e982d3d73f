/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Processes: fork, exec, exit, and those that live at the start.
 */
#ifndef BPF_PROCESS_H
#define BPF_PROCESS_H

#include "bpf/counters.h"
#include "bpf/kernel.h"
#include "bpf/rule.h"
#include "schema/event.h"

static __always_inline void describe(struct process_event *event, enum event_kind kind,
				     struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct task_struct *parent = task->real_parent;
	struct nsproxy *namespaces = task->nsproxy;
	int memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	event->header.kind = kind;
	event->header.cpu = bpf_get_smp_processor_id();
	event->header.time_ns = bpf_ktime_get_boot_ns();
	event->start_ns = leader->start_boottime;
	event->parent_start_ns = parent->group_leader->start_boottime;
	event->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	event->memory_cgroup_id = BPF_CORE_READ(task, cgroups, subsys[memory & 15], cgroup, kn, id);
	event->pid = task->tgid;
	event->parent_pid = parent->tgid;
	event->user_id = task->cred->uid.val;
	event->group_id = task->cred->gid.val;
	event->exit_code = leader->exit_code;
	event->network_namespace = namespaces ? namespaces->net_ns->ns.inum : 0;
	bpf_probe_read_kernel(event->command, sizeof(event->command), leader->comm);
}

static __always_inline int emit(enum event_kind kind, struct task_struct *task)
{
	struct process_event *event;

	if (process_excluded(task))
		return 0;
	event = reserve(sizeof(*event), COUNT_PROCESS_ATTEMPTED, COUNT_PROCESS_RING_FULL);
	if (!event)
		return 0;
	describe(event, kind, task);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	return child->pid == child->tgid ? emit(EVENT_PROCESS_FORK, child) : 0;
}

/* A process ends with its last thread, whichever that is. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	return task->signal->live.counter ? 0 : emit(EVENT_PROCESS_EXIT, task);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *binary)
{
	struct mm_struct *memory = task->mm;
	struct exec_event *event;
	__u32 size;
	long got;

	if (process_excluded(task))
		return 0;
	event = reserve(sizeof(*event), COUNT_PROCESS_ATTEMPTED, COUNT_PROCESS_RING_FULL);
	if (!event)
		return 0;
	describe(&event->process, EVENT_PROCESS_EXEC, task);
	got = bpf_probe_read_kernel_str(event->path, sizeof(event->path), binary->filename);
	event->path_size = got > 0 ? got : 0;
	event->arguments_size = event->arguments_total = event->zero = 0;
	if (memory) {
		__u64 total = memory->arg_end - memory->arg_start;

		event->arguments_total = total;
		size = total;
		/* The verifier must see the bound on the register that is used. */
		barrier_var(size);
		if (size > EXEC_ARGUMENTS_SIZE)
			size = EXEC_ARGUMENTS_SIZE;
		if (!bpf_probe_read_user(event->arguments, size, (void *)memory->arg_start))
			event->arguments_size = size;
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* The state at the start: one struct process_event for each living process. */
SEC("iter/task")
int each_task(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct process_event event = {};

	if (!task || task->pid != task->tgid || process_excluded(task))
		return 0;
	describe(&event, EVENT_PROCESS_EXISTS, task);
	bpf_seq_write(context->meta->seq, &event, sizeof(event));
	return 0;
}

#endif
