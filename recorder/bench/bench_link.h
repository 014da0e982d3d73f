/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two network namespaces with a link between them, for traffic that meets nothing else.
 *
 *     process NEAR                     process FAR
 *     198.18.0.1 near0 ──── veth ──── far0 198.18.0.2
 *
 * A process that does nothing stays in each of the two, so that whoever looks for the host's
 * namespaces among its processes finds them. Nothing has a name outside: when this program
 * ends, however it does, the kernel ends those processes, and namespaces and interfaces go.
 */
#ifndef RECORDER_BENCH_BENCH_LINK_H
#define RECORDER_BENCH_BENCH_LINK_H

#include <netinet/in.h>

struct bench_link;

enum bench_end { BENCH_NEAR, BENCH_FAR, BENCH_ENDS };

/*
 * To be called from the program's first thread: the processes end with it. On failure *problem
 * is one line that the caller frees: -EPERM where no network namespace may be made.
 */
int bench_link_open(struct bench_link **out, char **problem);
void bench_link_close(struct bench_link *link);

/* A socket in the namespace of an end, with O_CLOEXEC; or a negative errno. */
int bench_link_socket(const struct bench_link *link, enum bench_end end, int type);

/* The address of an end, at this port. */
struct sockaddr_in bench_link_address(enum bench_end end, uint16_t port);

/* Where an end is, for other programs: a file to enter its namespace by, ":", its interface. */
const char *bench_link_place(const struct bench_link *link, enum bench_end end);

#endif
