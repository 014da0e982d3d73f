/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the process table: events in, rows and identities out.
 */
#include "recorder/process_table.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define OFFSET	  1000000000000LL
#define BOOT	  77
#define NOT_A_PID 4194305U /* above PID_MAX_LIMIT: nobody has it */
#define FIRST_PID 4194400U
#define BIG_ID	  (1ULL << 60) /* no cgroup has it */
#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct stage {
	struct process_table *table;
	struct delivery *delivery;
};

static struct stage begin(enum command_line_policy policy)
{
	struct stage stage = {process_table_new(BOOT, OFFSET, policy), delivery_new()};

	assert_non_null(stage.table);
	assert_non_null(stage.delivery);
	return stage;
}

static void end(struct stage *stage)
{
	process_table_free(stage->table);
	delivery_free(stage->delivery);
}

static struct process_event event(enum event_kind kind, uint32_t pid, const char *command)
{
	struct process_event event = {
		.header = {.kind = kind, .time_ns = 5000 + pid},
		.start_ns = 1000 + pid,
		.pid = pid,
		.parent_pid = pid - 1,
		.parent_start_ns = 1000 + pid - 1,
		.user_id = 7,
		.network_namespace = 4026531840,
	};

	strncpy(event.command, command, sizeof(event.command) - 1);
	return event;
}

/* Arguments are written with | between them. */
static struct exec_event exec_event(uint32_t pid, const char *path, const char *arguments)
{
	const char *slash = strrchr(path, '/');
	struct exec_event exec = {
		.process = event(EVENT_PROCESS_EXEC, pid, slash ? slash + 1 : path)};

	exec.path_size = (uint32_t)strlen(path) + 1;
	memcpy(exec.path, path, exec.path_size);
	exec.arguments_size = exec.arguments_total = (uint32_t)strlen(arguments) + 1;
	memcpy(exec.arguments, arguments, exec.arguments_size);
	for (uint32_t i = 0; i < exec.arguments_size; i++)
		if (exec.arguments[i] == '|')
			exec.arguments[i] = 0;
	return exec;
}

static void tell(struct stage *stage, const void *record, size_t size)
{
	assert_int_equal(process_table_event(stage->table, record, size, stage->delivery), 0);
}

static void tell_event(struct stage *stage, struct process_event one)
{
	tell(stage, &one, sizeof(one));
}

static void tell_exec(struct stage *stage, struct exec_event one)
{
	tell(stage, &one, sizeof(one));
}

static void tell_cgroup(struct stage *stage, enum cgroup_hierarchy hierarchy, uint64_t id,
			const char *path)
{
	struct cgroup_event made = {
		.header = {.kind = EVENT_CGROUP_MADE},
		.id = id,
		.hierarchy = hierarchy,
		.path_size = (uint32_t)strlen(path) + 1,
	};

	strcpy(made.path, path);
	assert_int_equal(process_table_cgroup(stage->table, &made, sizeof(made)), 0);
}

static uint64_t number(const struct stage *stage, uint32_t row, const char *column)
{
	const struct batch *batch = stage->delivery->first[STREAM_PROCESS];
	int index = stream_column(stream_get(STREAM_PROCESS), column);

	assert_non_null(batch);
	assert_true(row < batch->row_count);
	assert_true(index >= 0);
	return batch_integer(batch, (unsigned int)index, row);
}

static const char *text(const struct stage *stage, uint32_t row, const char *column)
{
	const struct batch *batch = stage->delivery->first[STREAM_PROCESS];

	return dictionary_text(batch->texts, (uint32_t)number(stage, row, column), NULL);
}

static const char *name_of(struct stage *stage, uint32_t pid)
{
	struct flow_owner owner = {.pid = pid, .start_ns = 1000 + pid};
	struct process_identity identity;

	assert_int_equal(process_table_find(stage->table, &owner, &identity), 0);
	assert_int_equal(identity.pid, pid);
	assert_int_equal(identity.entity_id, process_entity_id(BOOT, pid, 1000 + pid));
	return identity.executable_name;
}

static const char *container_of(struct stage *stage, uint32_t pid)
{
	struct flow_owner owner = {.pid = pid, .start_ns = 1000 + pid};
	struct process_identity identity;

	assert_int_equal(process_table_find(stage->table, &owner, &identity), 0);
	return identity.container_id;
}

static void an_exec_names_the_process(void **state)
{
	struct stage stage = begin(COMMAND_LINE_REDACTED);

	tell_exec(&stage, exec_event(FIRST_PID, "/usr/bin/curl", "curl|--token|abc|http://h"));
	assert_string_equal(text(&stage, 0, "event_action"), "exec");
	assert_string_equal(text(&stage, 0, "process_executable_name"), "curl");
	assert_string_equal(text(&stage, 0, "process_executable_path"), "/usr/bin/curl");
	assert_string_equal(text(&stage, 0, "process_command_line"),
			    "curl --token *** http://h");
	assert_int_equal(number(&stage, 0, "process_pid"), FIRST_PID);
	assert_int_equal(number(&stage, 0, "process_parent_pid"), FIRST_PID - 1);
	assert_int_equal(number(&stage, 0, "process_start_ns"), OFFSET + 1000 + FIRST_PID);
	assert_int_equal(number(&stage, 0, "time_ns"), OFFSET + 5000 + FIRST_PID);
	assert_int_equal(number(&stage, 0, "user_id"), 7);
	assert_string_equal(name_of(&stage, FIRST_PID), "curl");
	end(&stage);
}

static void a_name_that_the_kernel_cut_is_whole_again(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct exec_event script = exec_event(FIRST_PID + 1, "/usr/bin/python3",
					      "python3|/opt/collect-metrics.py");

	tell_exec(&stage, exec_event(FIRST_PID, "./a-name-of-more-than-15", "x"));
	assert_string_equal(name_of(&stage, FIRST_PID), "a-name-of-more-than-15");
	memcpy(script.process.command, "collect-metrics", 16);
	tell_exec(&stage, script);
	assert_string_equal(name_of(&stage, FIRST_PID + 1), "collect-metrics.py");
	tell_exec(&stage, exec_event(FIRST_PID + 2, "/memfd:some-program (deleted)", "x"));
	assert_string_equal(name_of(&stage, FIRST_PID + 2), "memfd:some-program");
	memcpy(script.process.command, "something-else.", 16);
	tell_exec(&stage, script);
	assert_string_equal(name_of(&stage, FIRST_PID + 1), "something-else.");
	end(&stage);
}

static void a_file_without_a_path_has_the_kernels_name(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct exec_event exec = exec_event(FIRST_PID, "/dev/fd/3", "x");

	memcpy(exec.process.command, "hidden", 7);
	tell_exec(&stage, exec);
	assert_string_equal(name_of(&stage, FIRST_PID), "hidden");
	assert_string_equal(text(&stage, 0, "process_executable_path"), "/dev/fd/3");
	end(&stage);
}

static void set_file(struct exec_event *exec, const char *path)
{
	exec->file_size = (uint32_t)strlen(path) + 1;
	memcpy(exec->file + EXEC_PATH_SIZE - exec->file_size, path, exec->file_size);
}

static void a_relative_path_is_made_whole_where_the_file_is_known(void **state)
{
	static const struct {
		const char *path, *file, *expected;
	} lines[] = {
		{"./run", "/opt/app/run", "/opt/app/run"},
		{"run", "/opt/app/run", "/opt/app/run"},
		{"../bin/run", "/opt/bin/run", "/opt/bin/run"},
		{"./run", "/usr/bin/dash", "./run"}, /* a script */
		{"./run", "/opt/overrun", "./run"},
		{"./run", "run", "./run"},
		{"./run", NULL, "./run"},
		{"/bin/sh", "/usr/bin/dash", "/bin/sh"}, /* a link */
		{"/run", "/opt/run", "/run"},
		{"", "/opt/run", NULL},
	};
	struct stage stage = begin(COMMAND_LINE_FULL);

	for (uint32_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct exec_event exec = exec_event(FIRST_PID + i, lines[i].path, "x");
		const char *got;

		if (lines[i].file)
			set_file(&exec, lines[i].file);
		tell_exec(&stage, exec);
		got = text(&stage, i, "process_executable_path");
		assert_string_equal(got ? got : "", lines[i].expected ? lines[i].expected : "");
	}
	end(&stage);
}

static void a_fork_is_what_its_parent_is_until_it_executes(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);

	tell_exec(&stage, exec_event(FIRST_PID, "/bin/a-shell-with-a-long-name", "sh"));
	tell_event(&stage, event(EVENT_PROCESS_FORK, FIRST_PID + 1, "a-shell-with-a-"));
	assert_string_equal(text(&stage, 1, "event_action"), "fork");
	assert_string_equal(text(&stage, 1, "process_executable_name"),
			    "a-shell-with-a-long-name");
	assert_int_equal(number(&stage, 1, "process_parent_entity_id"),
			 number(&stage, 0, "process_entity_id"));
	tell_exec(&stage, exec_event(FIRST_PID + 1, "/bin/ls", "ls"));
	assert_string_equal(name_of(&stage, FIRST_PID + 1), "ls");
	assert_string_equal(name_of(&stage, FIRST_PID), "a-shell-with-a-long-name");
	end(&stage);
}

static void a_fork_of_an_unknown_parent_has_the_kernels_name(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);

	tell_event(&stage, event(EVENT_PROCESS_FORK, FIRST_PID, "worker"));
	assert_string_equal(name_of(&stage, FIRST_PID), "worker");
	end(&stage);
}

static void exit_codes_and_signals_are_told_apart(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct process_event exit = event(EVENT_PROCESS_EXIT, FIRST_PID, "a");

	exit.exit_code = 0x300;
	tell_event(&stage, exit);
	exit.pid++;
	exit.exit_code = 9;
	tell_event(&stage, exit);
	exit.pid++;
	exit.exit_code = 0x8b; /* a segmentation fault with a core */
	tell_event(&stage, exit);
	assert_int_equal(number(&stage, 0, "process_exit_code"), 3);
	assert_int_equal(number(&stage, 0, "process_exit_signal"), 0);
	assert_int_equal(number(&stage, 1, "process_exit_code"), 0);
	assert_int_equal(number(&stage, 1, "process_exit_signal"), 9);
	assert_int_equal(number(&stage, 2, "process_exit_signal"), 11);
	end(&stage);
}

static void an_end_that_is_told_twice_is_one(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct process_event exit = event(EVENT_PROCESS_EXIT, FIRST_PID, "a");
	struct process_event move = event(EVENT_PROCESS_CGROUP, FIRST_PID, "a");

	tell_event(&stage, event(EVENT_PROCESS_FORK, FIRST_PID, "a"));
	exit.exit_code = 0x300;
	tell_event(&stage, exit);
	exit.header.time_ns += 1000;
	exit.exit_code = 0;
	tell_event(&stage, exit);
	/* The kernel tells of a move also where it leaves out a process that ends. */
	move.cgroup_id = BIG_ID;
	tell_event(&stage, move);
	assert_int_equal(stage.delivery->row_count, 2);
	assert_int_equal(number(&stage, 1, "process_exit_code"), 3);
	process_table_expire(stage.table, exit.header.time_ns - 500);
	assert_null(name_of(&stage, FIRST_PID));
	end(&stage);
}

static void a_process_moved_to_another_cgroup_is_there(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct process_event move = event(EVENT_PROCESS_CGROUP, FIRST_PID, "runc");

	tell_event(&stage, event(EVENT_PROCESS_FORK, FIRST_PID, "runc"));
	assert_null(container_of(&stage, FIRST_PID));
	tell_cgroup(&stage, CGROUP_V2, BIG_ID, "/kubepods/pod7/crio-" CONTAINER);
	move.cgroup_id = BIG_ID;
	tell_event(&stage, move);
	assert_string_equal(container_of(&stage, FIRST_PID), CONTAINER);
	assert_string_equal(text(&stage, 1, "event_action"), "cgroup");
	assert_string_equal(text(&stage, 1, "cgroup_path"), "/kubepods/pod7/crio-" CONTAINER);
	assert_string_equal(text(&stage, 1, "container_id"), CONTAINER);
	assert_string_equal(text(&stage, 1, "container_runtime_name"), "cri-o");
	assert_int_equal(number(&stage, 1, "cgroup_id"), BIG_ID);
	/* A move in each of several hierarchies tells of all of them. */
	tell_event(&stage, move);
	assert_int_equal(stage.delivery->row_count, 2);
	move.pid++;
	tell_event(&stage, move);
	assert_int_equal(stage.delivery->row_count, 3);
	assert_string_equal(name_of(&stage, FIRST_PID), "runc");
	end(&stage);
}

static void the_hierarchy_that_names_a_container_counts(void **state)
{
	static const struct {
		uint64_t v2, memory, expected;
		const char *container;
	} lines[] = {
		{BIG_ID, 0, BIG_ID, CONTAINER},
		{BIG_ID, 1, BIG_ID, CONTAINER},
		{BIG_ID, BIG_ID + 1, BIG_ID, CONTAINER},
		{1, BIG_ID + 2, BIG_ID + 2, CONTAINER},
		{BIG_ID + 1, BIG_ID + 2, BIG_ID + 2, CONTAINER},
		{BIG_ID + 1, 0, BIG_ID + 1, NULL},
		{BIG_ID + 1, 1, BIG_ID + 1, NULL},
		{1, BIG_ID + 1, BIG_ID + 1, NULL},
		{1, 1, 1, NULL},
		{0, 0, 0, NULL},
	};
	struct stage stage = begin(COMMAND_LINE_FULL);

	tell_cgroup(&stage, CGROUP_V2, BIG_ID, "/docker/" CONTAINER);
	tell_cgroup(&stage, CGROUP_V2, BIG_ID + 1, "/system.slice/containerd.service");
	tell_cgroup(&stage, CGROUP_V1_MEMORY, BIG_ID + 1, "/user.slice");
	tell_cgroup(&stage, CGROUP_V1_MEMORY, BIG_ID + 2, "/docker/" CONTAINER);
	for (uint32_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct process_event one = event(EVENT_PROCESS_EXISTS, FIRST_PID + i, "a");
		const char *got;

		one.cgroup_id = lines[i].v2;
		one.memory_cgroup_id = lines[i].memory;
		tell_event(&stage, one);
		got = container_of(&stage, FIRST_PID + i);
		assert_string_equal(got ? got : "",
				    lines[i].container ? lines[i].container : "");
		assert_int_equal(number(&stage, i, "cgroup_id"), lines[i].expected);
	}
	end(&stage);
}

static void cgroups_that_contradict_themselves_are_refused(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct cgroup_event made = {.header = {.kind = EVENT_CGROUP_MADE}, .id = BIG_ID};

	for (size_t size = 0; size < sizeof(made); size++)
		assert_int_equal(process_table_cgroup(stage.table, &made, size), -EINVAL);
	made.hierarchy = CGROUP_HIERARCHIES;
	assert_int_equal(process_table_cgroup(stage.table, &made, sizeof(made)), -EINVAL);
	made.hierarchy = CGROUP_V2;
	made.path_size = CGROUP_PATH_SIZE + 1;
	assert_int_equal(process_table_cgroup(stage.table, &made, sizeof(made)), -EINVAL);
	made.path_size = CGROUP_PATH_SIZE;
	memset(made.path, '/', sizeof(made.path));
	assert_int_equal(process_table_cgroup(stage.table, &made, sizeof(made)), 0);
	made.header.kind = EVENT_NAT;
	assert_int_equal(process_table_cgroup(stage.table, &made, sizeof(made)), -EINVAL);
	end(&stage);
}

/* An exec of this very program. */
static struct exec_event exec_of_this(uint32_t pid)
{
	struct exec_event exec = exec_event(pid, "/bin/this", "this");
	char *path = realpath("/proc/self/exe", NULL);
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	set_file(&exec, path);
	exec.process.executable = (struct file_identity){
		.inode = status.st_ino,
		.changed_ns = (uint64_t)status.st_ctim.tv_sec * 1000000000 +
			      (uint64_t)status.st_ctim.tv_nsec,
		.major = major(status.st_dev),
		.minor = minor(status.st_dev),
	};
	free(path);
	return exec;
}

static void rows_get_the_build_id_of_their_executable(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct exec_event exec = exec_of_this(FIRST_PID);
	char expected[BUILD_ID_SIZE];
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (build_id_read(self, expected)) {
		print_message("SKIPPED: the linker here makes no build ids\n");
		skip();
	}
	close(self);
	tell_exec(&stage, exec_event(FIRST_PID + 9, "/bin/other", "other"));
	tell_exec(&stage, exec);
	tell_event(&stage, event(EVENT_PROCESS_FORK, FIRST_PID + 1, "this"));
	tell_event(&stage, event(EVENT_PROCESS_EXIT, FIRST_PID + 1, "this"));
	/* It is being read meanwhile: so long until it has been. */
	while (!process_table_counts(stage.table).build_ids.found)
		usleep(1000);
	assert_int_equal(process_table_settle(stage.table), 0);
	assert_null(text(&stage, 0, "process_executable_build_id_gnu"));
	for (uint32_t row = 1; row < 4; row++)
		assert_string_equal(text(&stage, row, "process_executable_build_id_gnu"),
				    expected);
	/* From now on it is known at once. */
	exec.process.pid += 5;
	tell_exec(&stage, exec);
	assert_string_equal(text(&stage, 4, "process_executable_build_id_gnu"), expected);
	assert_int_equal(process_table_counts(stage.table).build_ids.asked, 1);
	assert_int_equal(process_table_settle(stage.table), 0);
	end(&stage);
}

static void a_file_that_nobody_finds_leaves_its_rows_as_they_are(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct exec_event exec = exec_of_this(FIRST_PID);

	exec.process.executable.inode++;
	tell_exec(&stage, exec);
	while (!process_table_counts(stage.table).build_ids.unreadable)
		usleep(1000);
	assert_int_equal(process_table_settle(stage.table), 0);
	assert_null(text(&stage, 0, "process_executable_build_id_gnu"));
	exec.process.pid++;
	tell_exec(&stage, exec); /* its row may still wait when the table is freed */
	end(&stage);
}

static void a_pid_used_twice_is_two_processes(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct exec_event again = exec_event(FIRST_PID, "/bin/second", "second");
	struct flow_owner owner = {.pid = FIRST_PID, .start_ns = 9000000};
	struct process_identity identity;

	again.process.start_ns = owner.start_ns;
	tell_exec(&stage, exec_event(FIRST_PID, "/bin/first", "first"));
	tell_exec(&stage, again);
	assert_string_equal(name_of(&stage, FIRST_PID), "first");
	assert_int_equal(process_table_find(stage.table, &owner, &identity), 0);
	assert_string_equal(identity.executable_name, "second");
	assert_true(number(&stage, 0, "process_entity_id") !=
		    number(&stage, 1, "process_entity_id"));
	end(&stage);
}

static void a_process_that_events_told_needs_no_exists_row(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);

	tell_exec(&stage, exec_event(FIRST_PID, "/bin/ls", "ls"));
	tell_event(&stage, event(EVENT_PROCESS_EXISTS, FIRST_PID, "ls"));
	tell_event(&stage, event(EVENT_PROCESS_EXISTS, FIRST_PID + 1, "init"));
	assert_int_equal(stage.delivery->row_count, 2);
	assert_string_equal(text(&stage, 1, "event_action"), "exists");
	assert_string_equal(text(&stage, 1, "process_executable_name"), "init");
	end(&stage);
}

static void an_owner_nobody_told_of_has_its_number_still(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct flow_owner nobody = {0};
	struct process_identity identity;

	assert_null(name_of(&stage, NOT_A_PID));
	assert_int_equal(process_table_find(stage.table, &nobody, &identity), -ENOENT);
	/* When it is told of later, it is known, and it has its row. */
	tell_event(&stage, event(EVENT_PROCESS_EXISTS, NOT_A_PID, "late"));
	assert_string_equal(name_of(&stage, NOT_A_PID), "late");
	assert_int_equal(stage.delivery->row_count, 1);
	end(&stage);
}

/* Field 22 of /proc/self/stat in nanoseconds. */
static uint64_t own_start_ns(void)
{
	unsigned long long ticks = 0;
	FILE *file = fopen("/proc/self/stat", "re");

	assert_non_null(file);
	assert_int_equal(
		fscanf(file,
		       "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
		       "%*d %*d %*d %*d %*d %*d %llu",
		       &ticks),
		1);
	fclose(file);
	return ticks * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void a_living_owner_nobody_told_of_is_looked_up(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct flow_owner owner = {.pid = (uint32_t)getpid(),
				   .start_ns = own_start_ns() + 12345};
	struct process_identity identity;

	assert_int_equal(process_table_find(stage.table, &owner, &identity), 0);
	assert_non_null(identity.executable_name);
	assert_int_equal(strncmp(identity.executable_name, program_invocation_short_name, 15),
			 0);
	/* Its pid with another start time is somebody else. */
	owner.start_ns -= 3000000000ULL;
	assert_int_equal(process_table_find(stage.table, &owner, &identity), 0);
	assert_null(identity.executable_name);
	end(&stage);
}

static void only_the_dead_are_forgotten(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct process_event dead = event(EVENT_PROCESS_EXIT, FIRST_PID, "dead");
	struct process_event fresh = event(EVENT_PROCESS_EXIT, FIRST_PID + 1, "fresh");
	struct process_event living = event(EVENT_PROCESS_FORK, (uint32_t)getpid(), "living");

	fresh.header.time_ns = dead.header.time_ns + 1000;
	tell_event(&stage, dead);
	tell_event(&stage, fresh);
	tell_event(&stage, living);
	process_table_expire(stage.table, dead.header.time_ns + 500);
	assert_null(name_of(&stage, FIRST_PID));
	assert_string_equal(name_of(&stage, FIRST_PID + 1), "fresh");
	assert_string_equal(name_of(&stage, (uint32_t)getpid()), "living");
	end(&stage);
}

static void command_lines_can_be_left_out_or_whole(void **state)
{
	struct stage off = begin(COMMAND_LINE_OFF), full = begin(COMMAND_LINE_FULL);
	struct exec_event exec = exec_event(FIRST_PID, "/bin/a", "a|--password=x");

	tell_exec(&off, exec);
	assert_null(text(&off, 0, "process_command_line"));
	exec.arguments_total += 10;
	tell_exec(&full, exec);
	assert_string_equal(text(&full, 0, "process_command_line"), "a --password=x ...");
	end(&off);
	end(&full);
}

static void records_that_contradict_themselves_are_refused(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct exec_event exec = exec_event(FIRST_PID, "/bin/a", "a");

	for (size_t size = 0; size < sizeof(exec); size++) {
		if (size != sizeof(exec.process))
			assert_int_equal(process_table_event(stage.table, &exec, size, NULL),
					 -EINVAL);
	}
	exec.path_size = EXEC_PATH_SIZE + 1;
	assert_int_equal(process_table_event(stage.table, &exec, sizeof(exec), NULL), -EINVAL);
	exec.path_size = 2;
	exec.file_size = EXEC_PATH_SIZE + 1;
	assert_int_equal(process_table_event(stage.table, &exec, sizeof(exec), NULL), -EINVAL);
	exec.file_size = 0;
	exec.arguments_size = EXEC_ARGUMENTS_SIZE + 1;
	assert_int_equal(process_table_event(stage.table, &exec, sizeof(exec), NULL), -EINVAL);
	exec.arguments_size = 2;
	exec.process.header.kind = EVENT_NAT;
	assert_int_equal(process_table_event(stage.table, &exec, sizeof(exec), NULL), -EINVAL);
	end(&stage);
}

static void texts_without_an_end_are_read_to_their_size(void **state)
{
	struct stage stage = begin(COMMAND_LINE_FULL);
	struct exec_event exec = {.process = event(EVENT_PROCESS_EXEC, FIRST_PID, "")};

	memset(exec.path, 'p', sizeof(exec.path));
	memset(exec.arguments, 'a', sizeof(exec.arguments));
	memset(exec.process.command, 'p', sizeof(exec.process.command));
	exec.path_size = EXEC_PATH_SIZE;
	exec.arguments_size = EXEC_ARGUMENTS_SIZE;
	tell_exec(&stage, exec);
	assert_int_equal(strlen(text(&stage, 0, "process_executable_path")), EXEC_PATH_SIZE);
	assert_int_equal(strlen(text(&stage, 0, "process_command_line")), EXEC_ARGUMENTS_SIZE);
	end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exec_names_the_process),
		cmocka_unit_test(a_name_that_the_kernel_cut_is_whole_again),
		cmocka_unit_test(a_file_without_a_path_has_the_kernels_name),
		cmocka_unit_test(a_relative_path_is_made_whole_where_the_file_is_known),
		cmocka_unit_test(a_fork_is_what_its_parent_is_until_it_executes),
		cmocka_unit_test(a_fork_of_an_unknown_parent_has_the_kernels_name),
		cmocka_unit_test(exit_codes_and_signals_are_told_apart),
		cmocka_unit_test(an_end_that_is_told_twice_is_one),
		cmocka_unit_test(a_process_moved_to_another_cgroup_is_there),
		cmocka_unit_test(the_hierarchy_that_names_a_container_counts),
		cmocka_unit_test(cgroups_that_contradict_themselves_are_refused),
		cmocka_unit_test(rows_get_the_build_id_of_their_executable),
		cmocka_unit_test(a_file_that_nobody_finds_leaves_its_rows_as_they_are),
		cmocka_unit_test(a_pid_used_twice_is_two_processes),
		cmocka_unit_test(a_process_that_events_told_needs_no_exists_row),
		cmocka_unit_test(an_owner_nobody_told_of_has_its_number_still),
		cmocka_unit_test(a_living_owner_nobody_told_of_is_looked_up),
		cmocka_unit_test(only_the_dead_are_forgotten),
		cmocka_unit_test(command_lines_can_be_left_out_or_whole),
		cmocka_unit_test(records_that_contradict_themselves_are_refused),
		cmocka_unit_test(texts_without_an_end_are_read_to_their_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
