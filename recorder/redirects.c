/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that other programs on this host let connect elsewhere than they were asked to.
 */
#include "recorder/redirects.h"
#include "recorder/cgroup.h"
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before the programs below: from the top of the hierarchy (include/uapi/linux/bpf.h of 6.15).
 */
#define PREORDER (1U << 6)

struct redirects {
	struct flowtape_bpf *skeleton;
	const struct alternative *alternative;
	struct bpf_link *functions[ALTERNATIVE_PROGRAMS];
	int cgroup[ALTERNATIVE_PROGRAMS]; /* links, or -1 */
	int is_attached;
	uint32_t last_program; /* the highest id that was looked at */
};

static struct bpf_program *program_of(const struct redirects *redirects, int i)
{
	const char *name = redirects->alternative->programs[i];

	return name ? bpf_object__find_program_by_name(redirects->skeleton->obj, name) : NULL;
}

static int attach_to_cgroup(struct redirects *redirects, int i, int root)
{
	struct bpf_program *program = program_of(redirects, i);
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = PREORDER);

	redirects->cgroup[i] =
		bpf_link_create(bpf_program__fd(program), root,
				bpf_program__expected_attach_type(program), &options);
	return redirects->cgroup[i] < 0 ? -errno : 0;
}

static int attach_to_function(struct redirects *redirects, int i)
{
	redirects->functions[i] = bpf_program__attach(program_of(redirects, i));
	return redirects->functions[i] ? 0 : -errno;
}

static int attach(struct redirects *redirects)
{
	int at_cgroup = redirects->alternative->hook == HOOK_CGROUP_FIRST;
	int root = at_cgroup ? cgroup_open_root() : -1, error = 0;

	if (at_cgroup && root < 0)
		return root;
	for (int i = 0; !error && i < ALTERNATIVE_PROGRAMS && program_of(redirects, i); i++)
		error = at_cgroup ? attach_to_cgroup(redirects, i, root)
				  : attach_to_function(redirects, i);
	if (root >= 0)
		close(root);
	return error;
}

void redirects_detach(struct redirects *redirects)
{
	if (!redirects)
		return;
	redirects->skeleton->bss->sockets_are_asked = redirects->is_attached = 0;
	for (int i = 0; i < ALTERNATIVE_PROGRAMS; i++) {
		bpf_link__destroy(redirects->functions[i]);
		redirects->functions[i] = NULL;
		if (redirects->cgroup[i] >= 0)
			close(redirects->cgroup[i]);
		redirects->cgroup[i] = -1;
	}
}

int redirects_open(struct flowtape_bpf *skeleton, const struct alternative *alternative,
		   struct redirects **out)
{
	struct redirects *redirects = calloc(1, sizeof(*redirects));
	int error;

	if (!redirects)
		return -ENOMEM;
	redirects->skeleton = skeleton;
	redirects->alternative = alternative;
	for (int i = 0; i < ALTERNATIVE_PROGRAMS; i++)
		redirects->cgroup[i] = -1;
	error = attach(redirects);
	redirects_detach(redirects);
	if (error) {
		free(redirects);
		return error;
	}
	*out = redirects;
	return 0;
}

void redirects_close(struct redirects *redirects)
{
	redirects_detach(redirects);
	free(redirects);
}

/* Of this recorder, or of another one. */
static int is_ours(const char *name)
{
	static const char *const names[] = {"on_connect4", "on_connect6", "on_sendmsg4",
					    "on_sendmsg6"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return 1;
	return 0;
}

/* Whether a program of somebody else that may redirect was loaded since the last look. */
static int look_for_others(struct redirects *redirects)
{
	int found = 0;

	while (!bpf_prog_get_next_id(redirects->last_program, &redirects->last_program)) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);
		int program = bpf_prog_get_fd_by_id(redirects->last_program);

		if (program < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(program, &info, &size) &&
		    info.type == BPF_PROG_TYPE_CGROUP_SOCK_ADDR && !is_ours(info.name))
			found = 1;
		close(program);
	}
	return found;
}

int redirects_follow(struct redirects *redirects)
{
	if (!redirects)
		return 0;
	if (redirects->is_attached || !look_for_others(redirects))
		return redirects->is_attached;
	if (attach(redirects)) {
		redirects_detach(redirects);
		return 0;
	}
	redirects->skeleton->bss->sockets_are_asked = redirects->is_attached = 1;
	return 1;
}
