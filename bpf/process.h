/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Processes: fork, exec, exit, moves between cgroups, those that live at the start; and cgroups
 * as they are made.
 */
#ifndef BPF_PROCESS_H
#define BPF_PROCESS_H

#include "bpf/counters.h"
#include "bpf/kernel.h"
#include "bpf/rule.h"
#include "schema/event.h"

#define PATH_STEPS 64 /* names and mounts in a path */

static __always_inline void describe(struct process_event *event, enum event_kind kind,
				     struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct task_struct *parent = task->real_parent;
	struct nsproxy *namespaces = task->nsproxy;

	event->header.kind = kind;
	event->header.cpu = bpf_get_smp_processor_id();
	event->header.time_ns = bpf_ktime_get_boot_ns();
	event->start_ns = leader->start_boottime;
	event->parent_start_ns = parent->group_leader->start_boottime;
	event->cgroup_id = leader->cgroups->dfl_cgrp->kn->id;
	event->memory_cgroup_id = memory_cgroup_number(leader);
	event->pid = task->tgid;
	event->parent_pid = parent->tgid;
	event->user_id = task->cred->uid.val;
	event->group_id = task->cred->gid.val;
	event->exit_code = exit_status(leader);
	event->network_namespace = namespaces ? namespaces->net_ns->ns.inum : 0;
	event->mount_namespace = namespaces ? namespaces->mnt_ns->ns.inum : 0;
	event->zero = 0;
	bpf_probe_read_kernel(event->command, sizeof(event->command), leader->comm);
}

static __always_inline void name_executable(struct file_identity *identity,
					    struct task_struct *task)
{
	struct mm_struct *memory = task->mm;
	struct file *file = memory ? memory->exe_file : NULL;
	struct inode *inode = file ? file->f_inode : NULL;

	if (!inode) {
		__builtin_memset(identity, 0, sizeof(*identity));
		return;
	}
	identity->inode = inode->i_ino;
	identity->changed_ns = inode_changed_ns(inode);
	identity->major = device_major(inode->i_sb);
	identity->minor = device_minor(inode->i_sb);
}

/*
 * Write the path of a file from its end to its begin: from name to parent, and at the root of a
 * mount on to where that is mounted. Returns its size, 0 when there is no room or no end. (The
 * verifier cannot tell that a name ends in `file`; it can that it ends in `arguments`, which
 * are read later.)
 */
static __always_inline __u32 write_path(struct exec_event *event, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct mount *mount = mount_of(BPF_CORE_READ(file, f_path.mnt)), *above;
	__u32 at = EXEC_PATH_SIZE - 1, size;
	struct dentry *parent;

	event->file[at] = 0;
	for (int i = 0; i < PATH_STEPS; i++) {
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				return EXEC_PATH_SIZE - at;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		size = BPF_CORE_READ(dentry, d_name.len);
		if (parent == dentry || size >= at)
			return 0;
		at -= size + 1;
		barrier_var(at);
		at &= EXEC_PATH_SIZE - 1;
		event->file[at] = '/';
		barrier_var(size);
		bpf_probe_read_kernel(&event->file[at + 1], size & (EXEC_PATH_SIZE - 1),
				      BPF_CORE_READ(dentry, d_name.name));
		dentry = parent;
	}
	return 0;
}

/* The files that were executed lately. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct file_identity);
	__type(value, __u8);
} executed SEC(".maps");

/* A file that is new to the recorder: it had better look before the file is gone. */
static __always_inline int is_new_file(const struct file_identity *file)
{
	struct file_identity key = *file; /* older kernels want a key on the stack */
	__u8 one = 1;

	if (bpf_map_lookup_elem(&executed, &key))
		return 0;
	bpf_map_update_elem(&executed, &key, &one, BPF_ANY);
	return 1;
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
	__builtin_memset(&event->executable, 0, sizeof(event->executable));
	submit(event, 0);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	return child->pid == child->tgid ? emit(EVENT_PROCESS_FORK, child) : 0;
}

/*
 * A process ends with its last thread, whichever that is. Two that end at the same time may
 * both be told of as the last.
 */
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
	name_executable(&event->process.executable, task);
	got = bpf_probe_read_kernel_str(event->path, sizeof(event->path), binary->filename);
	event->path_size = got > 0 ? got : 0;
	event->file_size = memory ? write_path(event, memory->exe_file) : 0;
	event->arguments_size = event->arguments_total = 0;
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
	submit(event, is_new_file(&event->process.executable));
	return 0;
}

/* A container's runtime moves its first process into its cgroup when it lives already. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_move, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	if (task->pid != task->tgid || cgroup_hierarchy(cgroup) < 0)
		return 0;
	return emit(EVENT_PROCESS_CGROUP, task);
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_made, struct cgroup *cgroup, const char *path)
{
	int hierarchy = cgroup_hierarchy(cgroup);
	struct cgroup_event *event;
	long got;

	if (hierarchy < 0)
		return 0;
	event = reserve(sizeof(*event), COUNT_CGROUP_ATTEMPTED, COUNT_CGROUP_RING_FULL);
	if (!event)
		return 0;
	event->header.kind = EVENT_CGROUP_MADE;
	event->header.cpu = bpf_get_smp_processor_id();
	event->header.time_ns = bpf_ktime_get_boot_ns();
	event->id = cgroup->kn->id;
	event->hierarchy = hierarchy;
	got = bpf_probe_read_kernel_str(event->path, sizeof(event->path), path);
	event->path_size = got > 0 ? got : 0;
	submit(event, 0);
	return 0;
}

/* The state at the start: one struct process_event for each living process. */
SEC("iter/task")
int each_task(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct process_event event = {};

	if (!task || task->pid != task->tgid || !task->signal->live.counter ||
	    process_excluded(task))
		return 0;
	describe(&event, EVENT_PROCESS_EXISTS, task);
	name_executable(&event.executable, task);
	bpf_seq_write(context->meta->seq, &event, sizeof(event));
	return 0;
}

#endif
