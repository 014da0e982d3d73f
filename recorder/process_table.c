/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that live, and those that ended a short while ago.
 *
 * A fork shares its parent's image until it executes something else. Processes are found by pid
 * and told apart by their start time.
 */
#include "recorder/process_table.h"
#include "recorder/procfs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <xxhash.h>

#define BUCKETS		   16384U
#define BUCKETS_TO_LOOK_AT 512U /* for processes whose end was missed, at each expiry */
#define WAITING_MOST	   65536U
#define SETTLE_NS	   20000000U
#define ROOT_CGROUP	   1U

struct process {
	struct process *next;
	uint64_t start_ns, ended_ns; /* ended_ns 0: it lives */
	uint64_t entity_id;
	uint64_t cgroups[CGROUP_HIERARCHIES]; /* 0: in none */
	uint32_t pid, network_namespace, mount_namespace;
	int told;	     /* by an event, not guessed */
	int has_exited;	     /* by an event too */
	struct image *image; /* NULL: not known */
};

/* A row whose build id was being read when it was appended. */
struct waiting {
	struct batch *batch;
	uint32_t row;
	struct image *image;
};

struct process_table {
	uint64_t boot_digest;
	int64_t epoch_offset_ns;
	enum command_line_policy policy;
	int pids_are_of_host;
	uint32_t own_mount_namespace;
	uint32_t cursor;
	unsigned int build_id_column;
	struct cgroups *cgroups;
	struct build_ids *build_ids;
	struct waiting *waiting;
	size_t waiting_count, waiting_capacity;
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
	table->own_mount_namespace = procfs_mount_namespace();
	table->build_id_column = (unsigned int)stream_column(stream_get(STREAM_PROCESS),
							     "process_executable_build_id_gnu");
	table->cgroups = cgroups_new();
	table->build_ids = build_ids_new(NULL);
	if (!table->cgroups || !table->build_ids) {
		process_table_free(table);
		return NULL;
	}
	return table;
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
	for (size_t i = 0; i < table->waiting_count; i++)
		image_release(table->waiting[i].image);
	free(table->waiting);
	cgroups_free(table->cgroups);
	build_ids_free(table->build_ids);
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

	while (process &&
	       (process->pid != pid || OWNER_START(process->start_ns) != OWNER_START(start_ns)))
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

static struct image *parent_image(struct process_table *table,
				  const struct process_event *event)
{
	struct process *parent = find(table, event->parent_pid, event->parent_start_ns);

	return parent && parent->image ? image_share(parent->image) : NULL;
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

/* --- build ids --- */

/* A living process of the same mount namespace, which sees the same files; 0: nobody. */
static uint32_t find_neighbour(const struct process_table *table, const struct process *process)
{
	const struct process *other;

	if (!process->mount_namespace || process->mount_namespace == table->own_mount_namespace)
		return 0;
	for (uint32_t i = 0; i < BUCKETS; i++)
		for (other = table->buckets[i]; other; other = other->next)
			if (other->mount_namespace == process->mount_namespace &&
			    !other->ended_ns && other != process)
				return other->pid;
	return 0;
}

/* While the process lives, if it still does. */
static void ask_for_build_id(struct process_table *table, const struct process *process,
			     const struct exec_event *exec)
{
	struct executable executable = {
		.identity = exec->process.executable,
		.pid = process->pid,
		.neighbours = {exec->process.parent_pid},
	};
	char id[BUILD_ID_SIZE];

	if (!executable.identity.inode ||
	    build_ids_get(table->build_ids, &executable.identity, id))
		return;
	executable.neighbours[1] = find_neighbour(table, process);
	if (exec->file_size)
		memcpy(executable.path, exec->file + EXEC_PATH_SIZE - exec->file_size,
		       exec->file_size);
	else
		memcpy(executable.path, exec->path, exec->path_size);
	executable.path[EXEC_PATH_SIZE - 1] = 0;
	build_ids_ask(table->build_ids, &executable);
}

/* Returns 0, or -EAGAIN when it is being read. */
static int find_build_id(struct process_table *table, struct image *image)
{
	char id[BUILD_ID_SIZE];
	int result;

	if (image->build_id || !image->file.inode)
		return 0;
	result = build_ids_get(table->build_ids, &image->file, id);
	if (result == 1)
		image->build_id = strdup(id);
	return result < 0 ? result : 0;
}

static int wait_for_build_id(struct process_table *table, struct batch *batch,
			     struct image *image)
{
	size_t capacity = table->waiting_capacity ? table->waiting_capacity * 2 : 256;
	struct waiting *grown;

	if (table->waiting_count == table->waiting_capacity) {
		if (table->waiting_count >= WAITING_MOST)
			return 0;
		grown = realloc(table->waiting, capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		table->waiting = grown;
		table->waiting_capacity = capacity;
	}
	table->waiting[table->waiting_count++] =
		(struct waiting){batch, batch->row_count - 1, image_share(image)};
	return 0;
}

int process_table_settle(struct process_table *table)
{
	int error = 0;

	if (table->waiting_count)
		build_ids_wait(table->build_ids, SETTLE_NS);
	for (size_t i = 0; i < table->waiting_count; i++) {
		struct waiting *one = &table->waiting[i];

		find_build_id(table, one->image);
		if (one->image->build_id && !error)
			error = batch_set_text(one->batch, table->build_id_column, one->row,
					       one->image->build_id);
		image_release(one->image);
	}
	table->waiting_count = 0;
	return error;
}

/* --- events --- */

/* NULL for what is no event of a process. */
static const char *action(uint32_t kind)
{
	static const char *const actions[] = {
		[EVENT_PROCESS_FORK] = "fork",	   [EVENT_PROCESS_EXEC] = "exec",
		[EVENT_PROCESS_EXIT] = "exit",	   [EVENT_PROCESS_EXISTS] = "exists",
		[EVENT_PROCESS_CGROUP] = "cgroup",
	};

	return kind < sizeof(actions) / sizeof(actions[0]) ? actions[kind] : NULL;
}

/* The exec part of a record; NULL when it has none. -EINVAL: the record contradicts itself. */
static int check_shape(const void *record, size_t size, const struct exec_event **exec)
{
	const struct process_event *event = record;

	if (size < sizeof(*event) || !action(event->header.kind))
		return -EINVAL;
	*exec = NULL;
	if (size == sizeof(*event))
		return 0;
	if (size != sizeof(**exec))
		return -EINVAL;
	*exec = record;
	if ((*exec)->path_size > EXEC_PATH_SIZE || (*exec)->file_size > EXEC_PATH_SIZE ||
	    (*exec)->arguments_size > EXEC_ARGUMENTS_SIZE)
		return -EINVAL;
	return 0;
}

struct place {
	uint64_t cgroup_id;
	struct cgroup_place cgroup;
};

/*
 * The cgroup that says most: the one that names a container, else the one that is not the root,
 * where every process is in a hierarchy that nobody uses.
 */
static struct place place_of(struct process_table *table, const struct process *process)
{
	struct place best = {0};

	for (int i = 0; i < CGROUP_HIERARCHIES; i++) {
		struct place here = {process->cgroups[i], {0}};

		if (!here.cgroup_id)
			continue;
		here.cgroup =
			cgroups_find(table->cgroups, (enum cgroup_hierarchy)i, here.cgroup_id);
		if (!best.cgroup_id ||
		    (here.cgroup.container_id && !best.cgroup.container_id) ||
		    (best.cgroup_id == ROOT_CGROUP && here.cgroup_id != ROOT_CGROUP))
			best = here;
	}
	return best;
}

static int append_row(struct process_table *table, const struct process *process,
		      const struct process_event *event, struct delivery *delivery)
{
	struct place place = place_of(table, process);
	int waits = find_build_id(table, process->image), error;
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
		.process_executable_build_id_gnu = process->image->build_id,
		.user_id = event->user_id,
		.group_id = event->group_id,
		.cgroup_id = place.cgroup_id,
		.cgroup_path = place.cgroup.path,
		.container_id = place.cgroup.container_id,
		.container_runtime_name = place.cgroup.container_runtime_name,
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
	error = delivery_row(delivery, STREAM_PROCESS, &row);
	if (!error && waits)
		error = wait_for_build_id(table, delivery->last[STREAM_PROCESS],
					  process->image);
	return error;
}

static int is_known_already(const struct process *process, const struct process_event *event)
{
	if (!process || !process->told)
		return 0;
	/* Events are fresher than the walk; and a process may be moved when it has ended. */
	if (process->has_exited || event->header.kind == EVENT_PROCESS_EXISTS)
		return 1;
	return event->header.kind == EVENT_PROCESS_CGROUP &&
	       process->cgroups[CGROUP_V2] == event->cgroup_id &&
	       process->cgroups[CGROUP_V1_MEMORY] == event->memory_cgroup_id;
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
	if (is_known_already(process, event))
		return 0;
	if (!process)
		process = add(table, event->pid, event->start_ns);
	if (!process)
		return -ENOMEM;
	error = set_image(table, process, event, exec);
	if (error)
		return error;
	process->told = 1;
	process->cgroups[CGROUP_V2] = event->cgroup_id;
	process->cgroups[CGROUP_V1_MEMORY] = event->memory_cgroup_id;
	if (event->network_namespace)
		process->network_namespace = event->network_namespace;
	if (event->mount_namespace)
		process->mount_namespace = event->mount_namespace;
	process->has_exited = event->header.kind == EVENT_PROCESS_EXIT;
	process->ended_ns = process->has_exited ? event->header.time_ns : 0;
	if (!delivery)
		return 0;
	if (exec)
		ask_for_build_id(table, process, exec);
	return append_row(table, process, event, delivery);
}

int process_table_cgroup(struct process_table *table, const void *record, size_t size)
{
	const struct cgroup_event *event = record;

	if (size != sizeof(*event) || event->header.kind != EVENT_CGROUP_MADE ||
	    event->hierarchy >= CGROUP_HIERARCHIES || event->path_size > CGROUP_PATH_SIZE)
		return -EINVAL;
	if (!event->path_size)
		return 0;
	return cgroups_tell(table->cgroups, (enum cgroup_hierarchy)event->hierarchy, event->id,
			    event->path, event->path_size);
}

struct process_table_counts process_table_counts(struct process_table *table)
{
	return (struct process_table_counts){
		.cgroups = cgroups_counts(table->cgroups),
		.build_ids = build_ids_counts(table->build_ids),
	};
}

/* --- questions --- */

/*
 * A process without events: its start was before ours and it was not in the walk, or its events
 * were lost. Asked for once; it counts as ended so that it is forgotten with the others.
 */
static struct process *guess(struct process_table *table, const struct flow_owner *owner)
{
	struct process *process = add(table, owner->pid, owner->start_ns);
	char command[IMAGE_COMMAND_SIZE] = "";

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
	out->container_id = place_of(table, process).cgroup.container_id;
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
