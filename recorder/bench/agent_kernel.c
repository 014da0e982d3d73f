/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds BPF programs and maps by the descriptors of processes.
 */
#include "recorder/bench/agent_kernel.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTS_MOST 128

struct part {
	int file;
	int is_map;
	uint32_t id;
	uint64_t memory_bytes, entries; /* of a map */
	char name[BPF_OBJ_NAME_LEN];
};

struct agent_kernel {
	struct part parts[PARTS_MOST];
	size_t count;
};

static int is_known(const struct agent_kernel *kernel, int is_map, uint32_t id)
{
	for (size_t i = 0; i < kernel->count; i++)
		if (kernel->parts[i].is_map == is_map && kernel->parts[i].id == id)
			return 1;
	return 0;
}

static int describe(struct part *part)
{
	struct bpf_prog_info program = {0};
	struct bpf_map_info map = {0};
	uint32_t size = part->is_map ? sizeof(map) : sizeof(program);

	if (bpf_obj_get_info_by_fd(part->file, part->is_map ? (void *)&map : (void *)&program,
				   &size))
		return -errno;
	part->entries = map.max_entries;
	snprintf(part->name, sizeof(part->name), "%s", part->is_map ? map.name : program.name);
	return 0;
}

/* What is gone by now is none of the agent's any more. */
static void add(struct agent_kernel *kernel, int is_map, uint32_t id, uint64_t memory_bytes)
{
	struct part part = {.is_map = is_map, .id = id, .memory_bytes = memory_bytes};

	if (kernel->count == PARTS_MOST || is_known(kernel, is_map, id))
		return;
	part.file = is_map ? bpf_map_get_fd_by_id(id) : bpf_prog_get_fd_by_id(id);
	if (part.file < 0)
		return;
	if (describe(&part))
		close(part.file);
	else
		kernel->parts[kernel->count++] = part;
}

/* A map's descriptor names its map; that of a program or a link its program. */
static void look_at_file(struct agent_kernel *kernel, const char *process, const char *file)
{
	unsigned long long memory = 0;
	unsigned int id;
	char path[600], line[128];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", process, file);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info)) {
		sscanf(line, "memlock: %llu", &memory);
		if (sscanf(line, "map_id: %u", &id) == 1)
			add(kernel, 1, id, memory);
		if (sscanf(line, "prog_id: %u", &id) == 1)
			add(kernel, 0, id, 0);
	}
	if (info)
		fclose(info);
}

static void look_at_process(struct agent_kernel *kernel, const char *process)
{
	char path[300];
	struct dirent *file;
	DIR *files;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", process);
	files = opendir(path);
	while (files && (file = readdir(files)))
		if (file->d_name[0] != '.')
			look_at_file(kernel, process, file->d_name);
	if (files)
		closedir(files);
}

int agent_kernel_look(struct agent_kernel *kernel, pid_t group)
{
	DIR *processes = opendir("/proc");
	struct dirent *process;

	if (!processes)
		return -errno;
	while ((process = readdir(processes)))
		if (process->d_name[0] >= '1' && process->d_name[0] <= '9' &&
		    getpgid((pid_t)strtol(process->d_name, NULL, 10)) == group)
			look_at_process(kernel, process->d_name);
	closedir(processes);
	return 0;
}

int agent_kernel_find(pid_t group, struct agent_kernel **out)
{
	struct agent_kernel *kernel = calloc(1, sizeof(*kernel));
	int error = kernel ? agent_kernel_look(kernel, group) : -ENOMEM;

	if (error)
		free(kernel);
	else
		*out = kernel;
	return error;
}

void agent_kernel_free(struct agent_kernel *kernel)
{
	for (size_t i = 0; kernel && i < kernel->count; i++)
		close(kernel->parts[i].file);
	free(kernel);
}

size_t agent_kernel_cost(const struct agent_kernel *kernel, struct cost_row *rows, size_t most)
{
	size_t count = kernel->count < most ? kernel->count : most;

	for (size_t i = 0; i < count; i++) {
		const struct part *part = &kernel->parts[i];
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		rows[i] = (struct cost_row){
			.part = part->is_map ? "map" : "program",
			.name = part->name,
			.memory_bytes = part->memory_bytes,
			.entries_most = part->entries,
		};
		if (part->is_map || bpf_obj_get_info_by_fd(part->file, &info, &size))
			continue;
		rows[i].run_count = info.run_cnt;
		rows[i].run_time_ns = info.run_time_ns;
	}
	return count;
}
