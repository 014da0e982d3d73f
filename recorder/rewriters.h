/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs on this host that may rewrite where sockets connect to.
 */
#ifndef RECORDER_REWRITERS_H
#define RECORDER_REWRITERS_H

#include <stdint.h>

/*
 * Whether a program at a hook of socket addresses (BPF_PROG_TYPE_CGROUP_SOCK_ADDR) was loaded that
 * bears none of our names, of those with an id above *last; *last becomes the highest id there is.
 */
int rewriters_loaded(uint32_t *last, const char *const *own_names);

#endif
