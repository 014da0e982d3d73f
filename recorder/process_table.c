/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that live, and those that ended a short while ago.
 *
 * What a process executes is its image; a fork shares its parent's image until it executes
 * something else. Processes are found by pid and told apart by their start time.
 */
#include "recorder/process_table.h"
#include "recorder/cgroup.h"
#include "recorder/command_line.h"
#include "recorder/procfs.h"
#include "recorder/utf8.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <xxhash.h>

#define BUCKETS		   16384U
#define BUCKETS_TO_LOOK_AT 512U /* for processes whose end was missed, at each expiry */
#define COMMAND_SIZE	   16

struct image {
	uint32_t users;
	char *name, *path, *command_line;
};

struct process {
	struct process *next;
	uint64_t start_ns, ended_ns; /* ended_ns 0: it lives */
	uint64_t entity_id;
	uint64_t cgroup_id;
	enum cgroup_hierarchy hierarchy;
	uint32_t pid, network_namespace;
	int told;	     /* by an event, not guessed */
	struct image *image; /* NULL: not known */
};

struct process_table {
	uint64_t boot_digest;
	int64_t epoch_offset_ns;
	enum command_line_policy policy;
	int pids_are_of_host;
	uint32_t cursor;
	struct cgroups *cgroups;
	struct process *buckets[BUCKETS];
};

uint64_t process_entity_id(uint64_t boot_digest, uint32_t pid, uint64_t start_ns)
{
	const uint64_t parts[] = {boot_digest, pid, start_ns};

	return XXH3_64bits(parts, sizeof(parts)) >> 1;
}

struct process_table *process_table_new(uint64_t boot_digest, int64_t epoch_offset_ns,
					enum command_line_policy policy)
{
	struct process_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->boot_digest = boot_digest;
	table->epoch_offset_ns = epoch_offset_ns;
	table->policy = policy;
	table->pids_are_of_host = procfs_is_of_host();
	table->cgroups = cgroups_new();
	if (!table->cgroups) {
		process_table_free(table);
		return NULL;
	}
	return table;
}

static void image_release(struct image *image)
{
	if (!image || --image->users)
		return;
	free(image->name);
	free(image->path);
	free(image->command_line);
	free(image);
}

static void process_free(struct process *process)
{
	image_release(process->image);
	free(process);
}

void process_table_free(struct process_table *table)
{
	struct process *process, *next;

	if (!table)
		return;
	for (uint32_t i = 0; i < BUCKETS; i++) {
		for (process = table->buckets[i]; process; process = next) {
			next = process->next;
			process_free(process);
		}
	}
	cgroups_free(table->cgroups);
	free(table);
}

static uint64_t boot_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct process **bucket_of(struct process_table *table, uint32_t pid)
{
	return &table->buckets[pid % BUCKETS];
}

/* The start time as exactly as an owner has it. */
static struct process *find(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct process *process = *bucket_of(table, pid);

	while (process && (process->pid != pid || OWNER_START(process->start_ns) != OWNER_START(start_ns)))
		process = process->next;
	return process;
}

static struct process *add(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct process **bucket = bucket_of(table, pid);
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	/* A pid is given again only when its process has ended. */
	for (struct process *other = *bucket; other; other = other->next)
		if (other->pid == pid && other->start_ns < start_ns && !other->ended_ns)
			other->ended_ns = start_ns;
	process->pid = pid;
	process->start_ns = start_ns;
	process->entity_id = process_entity_id(table->boot_digest, pid, start_ns);
	process->next = *bucket;
	*bucket = process;
	return process;
}

/* --- images --- */

/* The last part of a path, if it begins with what the kernel kept of a name. */
static const char *find_name(const char *path, size_t size, const char command[COMMAND_SIZE],
			     size_t *name_size)
{
	size_t length = strnlen(path, size), kept = strnlen(command, COMMAND_SIZE);
	const char *slash = memrchr(path, '/', length), *base = slash ? slash + 1 : path;

	*name_size = (size_t)(path + length - base);
	return *name_size >= kept && !memcmp(base, command, kept) ? base : NULL;
}

/*
 * The kernel cuts names at 15 bytes. The whole name is in the path or in one of the first two
 * arguments (an interpreter and its script).
 */
static char *whole_name(const char command[COMMAND_SIZE], const struct exec_event *exec)
{
	static const char deleted[] = " (deleted)"; /* /proc's word for a file that is gone */
	size_t size = strnlen(command, COMMAND_SIZE), at = 0, name_size;
	const char *name, *end;

	if (!size)
		return NULL;
	if (size < COMMAND_SIZE - 1 || !exec)
		return utf8_escape(command, size);
	name = find_name(exec->path, exec->path_size, command, &name_size);
	end = name ? memmem(name, name_size, deleted, strlen(deleted)) : NULL;
	if (end)
		name_size = (size_t)(end - name);
	for (int i = 0; i < 2 && !name && at < exec->arguments_size; i++) {
		name = find_name(exec->arguments + at, exec->arguments_size - at, command,
				 &name_size);
		/* Not more of a title that a process wrote over its arguments. */
		end = name ? memchr(name, ' ', name_size) : NULL;
		if (end)
			name_size = (size_t)(end - name);
		at += strnlen(exec->arguments + at, exec->arguments_size - at) + 1;
	}
	return name && name_size >= size ? utf8_escape(name, name_size)
					 : utf8_escape(command, size);
}

/* exec: NULL when only the name is known. */
static struct image *image_new(const char command[COMMAND_SIZE], const struct exec_event *exec,
			       enum command_line_policy policy)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	image->users = 1;
	image->name = whole_name(command, exec);
	if (exec && exec->path_size > 1)
		image->path = utf8_escape(exec->path, exec->path_size);
	if (exec && exec->arguments_size && policy != COMMAND_LINE_OFF)
		image->command_line =
			command_line_format(exec->arguments, exec->arguments_size,
					    policy == COMMAND_LINE_REDACTED,
					    exec->arguments_total > exec->arguments_size);
	return image;
}

static struct image *parent_image(struct process_table *table,
				  const struct process_event *event)
{
	struct process *parent = find(table, event->parent_pid, event->parent_start_ns);

	if (!parent || !parent->image)
		return NULL;
	parent->image->users++;
	return parent->image;
}

static int set_image(struct process_table *table, struct process *process,
		     const struct process_event *event, const struct exec_event *exec)
{
	struct image *image = NULL;

	if (event->header.kind == EVENT_PROCESS_EXEC || !process->told) {
		image_release(process->image);
		process->image = NULL;
	}
	if (process->image)
		return 0;
	if (event->header.kind == EVENT_PROCESS_FORK)
		image = parent_image(table, event);
	if (!image)
		image = image_new(event->command, exec, table->policy);
	process->image = image;
	return image ? 0 : -ENOMEM;
}

/* --- events --- */

/* The exec part of a record; NULL when it has none. -EINVAL: the record contradicts itself. */
static int check_shape(const void *record, size_t size, const struct exec_event **exec)
{
	const struct process_event *event = record;

	if (size < sizeof(*event) || event->header.kind < EVENT_PROCESS_FORK ||
	    event->header.kind > EVENT_PROCESS_EXISTS)
		return -EINVAL;
	*exec = NULL;
	if (size == sizeof(*event))
		return 0;
	if (size != sizeof(**exec))
		return -EINVAL;
	*exec = record;
	if ((*exec)->path_size > EXEC_PATH_SIZE ||
	    (*exec)->arguments_size > EXEC_ARGUMENTS_SIZE)
		return -EINVAL;
	return 0;
}

static const char *action(uint32_t kind)
{
	switch (kind) {
	case EVENT_PROCESS_FORK:
		return "fork";
	case EVENT_PROCESS_EXEC:
		return "exec";
	case EVENT_PROCESS_EXIT:
		return "exit";
	default:
		return "exists";
	}
}

static struct cgroup_place place_of(struct process_table *table, const struct process *process)
{
	if (!process->cgroup_id)
		return (struct cgroup_place){0};
	return cgroups_find(table->cgroups, process->hierarchy, process->cgroup_id);
}

static int append_row(struct process_table *table, const struct process *process,
		      const struct process_event *event, struct delivery *delivery)
{
	struct cgroup_place place = place_of(table, process);
	struct process_row row = {
		.time_ns = event->header.time_ns + (uint64_t)table->epoch_offset_ns,
		.event_action = action(event->header.kind),
		.process_entity_id = process->entity_id,
		.process_pid = process->pid,
		.process_parent_pid = event->parent_pid,
		.process_start_ns = process->start_ns + (uint64_t)table->epoch_offset_ns,
		.process_executable_name = process->image->name,
		.process_executable_path = process->image->path,
		.process_command_line = process->image->command_line,
		.user_id = event->user_id,
		.group_id = event->group_id,
		.cgroup_id = process->cgroup_id,
		.cgroup_path = place.path,
		.container_id = place.container_id,
		.network_namespace = process->network_namespace,
	};

	if (event->parent_pid)
		row.process_parent_entity_id = process_entity_id(
			table->boot_digest, event->parent_pid, event->parent_start_ns);
	if (event->header.kind == EVENT_PROCESS_EXIT) {
		if (WIFEXITED(event->exit_code))
			row.process_exit_code = WEXITSTATUS(event->exit_code);
		else
			row.process_exit_signal = WTERMSIG(event->exit_code);
	}
	return delivery_row(delivery, STREAM_PROCESS, &row);
}

static void set_cgroup(struct process *process, const struct process_event *event)
{
	/* 1 is the root: where v2 is mounted but not used, every process is there. */
	int is_v2 = event->cgroup_id > 1 || event->memory_cgroup_id <= 1;

	process->hierarchy = is_v2 ? CGROUP_V2 : CGROUP_V1_MEMORY;
	process->cgroup_id = is_v2 ? event->cgroup_id : event->memory_cgroup_id;
}

int process_table_event(struct process_table *table, const void *record, size_t size,
			struct delivery *delivery)
{
	const struct process_event *event = record;
	const struct exec_event *exec;
	struct process *process;
	int error = check_shape(record, size, &exec);

	if (error)
		return error;
	process = find(table, event->pid, event->start_ns);
	/* What an event told is fresher than what the walk over all processes tells. */
	if (process && process->told && event->header.kind == EVENT_PROCESS_EXISTS)
		return 0;
	if (!process)
		process = add(table, event->pid, event->start_ns);
	if (!process)
		return -ENOMEM;
	error = set_image(table, process, event, exec);
	if (error)
		return error;
	process->told = 1;
	set_cgroup(process, event);
	if (event->network_namespace)
		process->network_namespace = event->network_namespace;
	process->ended_ns =
		event->header.kind == EVENT_PROCESS_EXIT ? event->header.time_ns : 0;
	return delivery ? append_row(table, process, event, delivery) : 0;
}

/* --- questions --- */

/*
 * A process without events: its start was before ours and it was not in the walk, or its events
 * were lost. Asked for once; it counts as ended so that it is forgotten with the others.
 */
static struct process *guess(struct process_table *table, const struct flow_owner *owner)
{
	struct process *process = add(table, owner->pid, owner->start_ns);
	char command[COMMAND_SIZE] = "";

	if (!process)
		return NULL;
	process->ended_ns = boot_now_ns();
	if (procfs_is(owner->pid, owner->start_ns, command))
		process->image = image_new(command, NULL, table->policy);
	return process;
}

int process_table_find(struct process_table *table, const struct flow_owner *owner,
		       struct process_identity *out)
{
	struct process *process;

	if (!owner->pid)
		return -ENOENT;
	process = find(table, owner->pid, owner->start_ns);
	if (!process)
		process = guess(table, owner);
	*out = (struct process_identity){
		.entity_id = process_entity_id(table->boot_digest, owner->pid,
					       process ? process->start_ns : owner->start_ns),
		.pid = owner->pid,
	};
	if (!process)
		return 0;
	out->container_id = place_of(table, process).container_id;
	if (process->image)
		out->executable_name = process->image->name;
	return 0;
}

/* Some of the living at a time: an end that was missed must not keep its process forever. */
static void look_for_missed_ends(struct process_table *table)
{
	uint64_t now_ns = boot_now_ns();
	struct process *process;

	for (uint32_t i = 0; i < BUCKETS_TO_LOOK_AT; i++) {
		table->cursor = (table->cursor + 1) % BUCKETS;
		for (process = table->buckets[table->cursor]; process; process = process->next)
			if (!process->ended_ns && kill((pid_t)process->pid, 0) &&
			    errno == ESRCH)
				process->ended_ns = now_ns;
	}
}

void process_table_expire(struct process_table *table, uint64_t before_ns)
{
	struct process **place, *process;

	for (uint32_t i = 0; i < BUCKETS; i++) {
		for (place = &table->buckets[i]; *place;) {
			process = *place;
			if (process->ended_ns && process->ended_ns < before_ns) {
				*place = process->next;
				process_free(process);
			} else {
				place = &process->next;
			}
		}
	}
	if (table->pids_are_of_host)
		look_for_missed_ends(table);
}
