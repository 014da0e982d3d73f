/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of the probe's traffic.
 */
#include "recorder/bench/bench_traffic.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS     1000000000ULL
#define MESSAGE_BYTES 64
#define PACKET_BYTES  22 /* and Ethernet, IPv4 and UDP headers: 64 bytes */
#define BATCH	      32U
#define PORT	      5001
#define TIMEOUT_MS    1000

struct bench_traffic {
	int asks, answers; /* connected sockets of TCP, near and far */
	int sends, receives;
	struct iovec sent_bytes, received_bytes[BATCH];
	struct mmsghdr sent[BATCH], received[BATCH];
	char sent_room[PACKET_BYTES], received_room[BATCH][PACKET_BYTES];
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static int be_quick(int socket)
{
	const struct timeval timeout = {.tv_sec = 1};
	const int on = 1;

	if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return -errno;
	return 0;
}

static int connect_ends(struct bench_traffic *traffic, int listener)
{
	const struct sockaddr_in far = bench_link_address(BENCH_FAR, PORT);
	const struct sockaddr *address = (const struct sockaddr *)&far;
	int error;

	if (bind(listener, address, sizeof(far)) || listen(listener, 1) ||
	    connect(traffic->asks, address, sizeof(far)))
		return -errno;
	traffic->answers = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (traffic->answers < 0)
		return -errno;
	error = be_quick(traffic->asks);
	return error ? error : be_quick(traffic->answers);
}

static int open_stream(const struct bench_link *link, struct bench_traffic *traffic)
{
	int listener = bench_link_socket(link, BENCH_FAR, SOCK_STREAM), error;

	if (listener < 0)
		return listener;
	traffic->asks = bench_link_socket(link, BENCH_NEAR, SOCK_STREAM);
	error = traffic->asks < 0 ? traffic->asks : connect_ends(traffic, listener);
	close(listener);
	return error;
}

static int open_datagrams(const struct bench_link *link, struct bench_traffic *traffic)
{
	const struct sockaddr_in near = bench_link_address(BENCH_NEAR, PORT);
	const struct sockaddr_in far = bench_link_address(BENCH_FAR, PORT);

	traffic->receives = bench_link_socket(link, BENCH_FAR, SOCK_DGRAM);
	if (traffic->receives < 0)
		return traffic->receives;
	traffic->sends = bench_link_socket(link, BENCH_NEAR, SOCK_DGRAM);
	if (traffic->sends < 0)
		return traffic->sends;
	if (bind(traffic->receives, (const struct sockaddr *)&far, sizeof(far)) ||
	    bind(traffic->sends, (const struct sockaddr *)&near, sizeof(near)) ||
	    connect(traffic->sends, (const struct sockaddr *)&far, sizeof(far)) ||
	    connect(traffic->receives, (const struct sockaddr *)&near, sizeof(near)))
		return -errno;
	traffic->sent_bytes = (struct iovec){traffic->sent_room, PACKET_BYTES};
	for (unsigned int i = 0; i < BATCH; i++) {
		traffic->received_bytes[i] =
			(struct iovec){traffic->received_room[i], PACKET_BYTES};
		traffic->sent[i].msg_hdr =
			(struct msghdr){.msg_iov = &traffic->sent_bytes, .msg_iovlen = 1};
		traffic->received[i].msg_hdr = (struct msghdr){
			.msg_iov = &traffic->received_bytes[i], .msg_iovlen = 1};
	}
	return 0;
}

int bench_traffic_open(const struct bench_link *link, struct bench_traffic **out)
{
	struct bench_traffic *traffic = calloc(1, sizeof(*traffic));
	int error;

	if (!traffic)
		return -ENOMEM;
	traffic->asks = traffic->answers = traffic->sends = traffic->receives = -1;
	error = open_stream(link, traffic);
	if (!error)
		error = open_datagrams(link, traffic);
	if (error) {
		bench_traffic_close(traffic);
		return error;
	}
	*out = traffic;
	return 0;
}

void bench_traffic_close(struct bench_traffic *traffic)
{
	if (!traffic)
		return;
	const int sockets[] = {traffic->asks, traffic->answers, traffic->sends,
			       traffic->receives};

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (sockets[i] >= 0)
			close(sockets[i]);
	free(traffic);
}

int bench_traffic_settle(cpu_set_t *before)
{
	cpu_set_t one;
	int cpu = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(*before), before))
		return -errno;
	while (cpu > 0 && !CPU_ISSET(cpu, before))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

/* --- a slice --- */

static uint64_t timeval_ns(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_usec * 1000;
}

/* What is as it was before a slice. */
struct usual {
	struct rusage used;
	struct sched_param priority;
	int policy;
};

/* Where it may: before every other process of this CPU, for the slice. */
static void begin(struct bench_slice *slice, struct usual *usual)
{
	const struct sched_param least = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};

	usual->policy = sched_getscheduler(0);
	sched_getparam(0, &usual->priority);
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &least);
	*slice = (struct bench_slice){.start_ns = clock_ns(CLOCK_REALTIME)};
	getrusage(RUSAGE_THREAD, &usual->used);
}

static void end(struct bench_slice *slice, const struct usual *usual)
{
	const struct rusage *before = &usual->used;
	struct rusage after;

	getrusage(RUSAGE_THREAD, &after);
	slice->end_ns = clock_ns(CLOCK_REALTIME);
	sched_setscheduler(0, usual->policy, &usual->priority);
	slice->user_cpu_ns = timeval_ns(&after.ru_utime) - timeval_ns(&before->ru_utime);
	slice->system_cpu_ns = timeval_ns(&after.ru_stime) - timeval_ns(&before->ru_stime);
}

static int pass(int from, int to)
{
	char message[MESSAGE_BYTES] = {0};
	ssize_t got;

	if (send(from, message, sizeof(message), MSG_NOSIGNAL) != sizeof(message))
		return -errno;
	got = recv(to, message, sizeof(message), MSG_WAITALL);
	if (got == sizeof(message))
		return 0;
	return got < 0 && errno != EAGAIN ? -errno : -ETIMEDOUT;
}

static int make_round_trips(struct bench_traffic *traffic, uint64_t time_ns,
			    struct bench_slice *slice, struct histogram *latency)
{
	uint64_t began = clock_ns(CLOCK_MONOTONIC), last = began, now;
	int error;

	do {
		error = pass(traffic->asks, traffic->answers);
		if (!error)
			error = pass(traffic->answers, traffic->asks);
		now = clock_ns(CLOCK_MONOTONIC);
		if (!error && latency)
			error = histogram_record(latency, now - last);
		if (error)
			return error;
		last = now;
		slice->operations++;
	} while (now - began < time_ns);
	slice->duration_ns = now - began;
	slice->bytes = 2 * slice->operations * MESSAGE_BYTES;
	return 0;
}

/* How many of a batch are there. It takes a wait only where the kernel's own thread has them.
 */
static int receive(struct bench_traffic *traffic)
{
	struct pollfd ready = {.fd = traffic->receives, .events = POLLIN};
	int got = recvmmsg(traffic->receives, traffic->received, BATCH, MSG_DONTWAIT, NULL);

	if (got < 0 && errno == EAGAIN) {
		if (poll(&ready, 1, TIMEOUT_MS) == 0)
			return -ETIMEDOUT;
		got = recvmmsg(traffic->receives, traffic->received, BATCH, MSG_DONTWAIT, NULL);
	}
	return got < 0 ? -errno : got;
}

static int send_packets(struct bench_traffic *traffic, uint64_t time_ns,
			struct bench_slice *slice, struct histogram *latency)
{
	uint64_t began = clock_ns(CLOCK_MONOTONIC), last = began, now, all_sent = 0;

	do {
		int sent = sendmmsg(traffic->sends, traffic->sent, BATCH, 0), got, error = 0;

		if (sent < 0)
			return -errno;
		got = receive(traffic);
		if (got < 0)
			return got;
		now = clock_ns(CLOCK_MONOTONIC);
		if (latency)
			error = histogram_record_many(latency, (now - last) / (unsigned int)got,
						      (unsigned int)got);
		if (error)
			return error;
		last = now;
		all_sent += (unsigned int)sent;
		slice->operations += (unsigned int)got;
	} while (now - began < time_ns);
	slice->duration_ns = now - began;
	slice->lost = all_sent > slice->operations ? all_sent - slice->operations : 0;
	slice->bytes = slice->operations * PACKET_BYTES;
	return 0;
}

static int run_slice(struct bench_traffic *traffic, uint64_t time_ns, struct bench_slice *slice,
		     struct histogram *latency,
		     int (*work)(struct bench_traffic *traffic, uint64_t time_ns,
				 struct bench_slice *slice, struct histogram *latency))
{
	struct usual usual;
	int error;

	if (latency)
		memset(latency, 0, sizeof(*latency));
	begin(slice, &usual);
	error = work(traffic, time_ns, slice, latency);
	end(slice, &usual);
	return error;
}

int bench_traffic_round_trips(struct bench_traffic *traffic, uint64_t time_ns,
			      struct bench_slice *slice, struct histogram *latency)
{
	return run_slice(traffic, time_ns, slice, latency, make_round_trips);
}

int bench_traffic_packets(struct bench_traffic *traffic, uint64_t time_ns,
			  struct bench_slice *slice, struct histogram *latency)
{
	return run_slice(traffic, time_ns, slice, latency, send_packets);
}
