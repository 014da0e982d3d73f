/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs on this host that may rewrite where sockets connect to.
 */
#include "recorder/rewriters.h"

#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

static int is_own(const char *name, const char *const *own_names)
{
	for (; *own_names; own_names++)
		/* The kernel keeps the first 15 characters. */
		if (!strncmp(name, *own_names, BPF_OBJ_NAME_LEN - 1))
			return 1;
	return 0;
}

int rewriters_loaded(uint32_t *last, const char *const *own_names)
{
	int found = 0;

	while (!bpf_prog_get_next_id(*last, last)) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);
		int program = bpf_prog_get_fd_by_id(*last);

		if (program < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(program, &info, &size) &&
		    info.type == BPF_PROG_TYPE_CGROUP_SOCK_ADDR && !is_own(info.name, own_names))
			found = 1;
		close(program);
	}
	return found;
}
