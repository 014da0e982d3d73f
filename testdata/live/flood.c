/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP in bulk, many datagrams with each system call, and an exact account of it.
 *
 *   flood sink PORT                               counts until SIGTERM, answers where it is
 * asked to flood send ADDRESS PORT FLOWS COUNT SIZE WINDOW COUNT datagrams with SIZE bytes each
 * over so many flows; after each WINDOW of them it waits for an answer, so that none is lost;
 * with a WINDOW of 0 it sends as fast as it can flood scatter SOURCE ADDRESS PORT COUNT RATE
 * each datagram is another flow: RATE of them in a second, with 4 bytes each
 *
 * Says at its end, as one line of JSON for each flow, what it sent and received.
 */
#include "testdata/live/endpoint.h"

#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <time.h>

#define BATCH	   64
#define FLOWS_MOST 64
#define SIZE_MOST  2048

static volatile sig_atomic_t is_over;

static void end(int number)
{
	is_over = number;
}

/* --- the sink --- */

static struct endpoint *find_peer(struct endpoint *peers, unsigned int *count, uint64_t id,
				  const struct sockaddr_in6 *remote)
{
	for (unsigned int i = 0; i < *count; i++)
		if (peers[i].id == id)
			return &peers[i];
	if (*count == FLOWS_MOST) {
		errno = ENOBUFS;
		endpoint_fail("flows");
	}
	peers[*count] = (struct endpoint){
		.id = id, .role = "server", .transport = "udp", .remote = *remote};
	return &peers[(*count)++];
}

static void answer(int fd, struct endpoint *peer, const struct stamp *stamp)
{
	if (sendto(fd, stamp, sizeof(*stamp), 0, (struct sockaddr *)&peer->remote,
		   sizeof(peer->remote)) != sizeof(*stamp))
		endpoint_fail("answer");
	endpoint_count_datagram(peer, sizeof(*stamp), 1500);
}

static int sink(const char *port)
{
	static struct endpoint peers[FLOWS_MOST];
	static struct stamp stamps[BATCH];
	static struct sockaddr_in6 remotes[BATCH];
	struct sockaddr_in6 address = {.sin6_family = AF_INET6,
				       .sin6_port = htons((uint16_t)atoi(port))};
	struct mmsghdr messages[BATCH] = {0};
	struct iovec parts[BATCH];
	unsigned int peer_count = 0;
	struct timeval look_up = {.tv_usec = 100000};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), bytes = 32 << 20;

	signal(SIGTERM, end);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look_up, sizeof(look_up));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		endpoint_fail("bind");
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){&stamps[i], sizeof(stamps[i])};
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &remotes[i], .msg_iov = &parts[i], .msg_iovlen = 1};
	}
	fprintf(stderr, "ready\n");
	while (!is_over) {
		int count;

		for (int i = 0; i < BATCH; i++)
			messages[i].msg_hdr.msg_namelen = sizeof(remotes[i]);
		count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE | MSG_TRUNC, NULL);
		for (int i = 0; i < count; i++) {
			struct endpoint *peer;

			if (messages[i].msg_len < sizeof(stamps[i]))
				continue;
			peer = find_peer(peers, &peer_count, stamps[i].id, &remotes[i]);
			peer->received_payload += messages[i].msg_len;
			if (stamps[i].answer_bytes)
				answer(fd, peer, &stamps[i]);
		}
	}
	for (unsigned int i = 0; i < peer_count; i++) {
		peers[i].local.sin6_port = address.sin6_port;
		endpoint_print(&peers[i]);
	}
	return 0;
}

/* --- the sender --- */

struct flow {
	struct endpoint end;
	int fd;
	uint64_t sequence;
};

static void open_flow(struct flow *flow, const struct sockaddr_in6 *to)
{
	struct timeval patience = {.tv_sec = 20};

	flow->fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (flow->fd < 0 || connect(flow->fd, (const struct sockaddr *)to, sizeof(*to)))
		endpoint_fail("connect");
	setsockopt(flow->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	flow->end.id = endpoint_new_id();
	flow->end.role = "client";
	flow->end.transport = "udp";
	endpoint_names(&flow->end, flow->fd);
}

/* So many datagrams of one flow; the last one asks for an answer where wait is set. */
static void send_batch(struct flow *flow, unsigned int count, size_t size, int wait)
{
	static char bytes[BATCH][SIZE_MOST];
	struct mmsghdr messages[BATCH] = {0};
	struct iovec parts[BATCH];
	struct stamp stamp = {.id = flow->end.id};

	for (unsigned int i = 0; i < count; i++) {
		stamp.sequence = flow->sequence++;
		stamp.answer_bytes = wait && i == count - 1;
		memcpy(bytes[i], &stamp, sizeof(stamp));
		parts[i] = (struct iovec){bytes[i], size};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	for (unsigned int done = 0; done < count;) {
		int now = sendmmsg(flow->fd, messages + done, count - done, 0);

		if (now <= 0)
			endpoint_fail("sendmmsg");
		done += (unsigned int)now;
	}
	for (unsigned int i = 0; i < count; i++)
		endpoint_count_datagram(&flow->end, size, 65535);
	if (!wait)
		return;
	if (recv(flow->fd, &stamp, sizeof(stamp), 0) != sizeof(stamp))
		endpoint_fail("no answer");
	flow->end.received_payload += sizeof(stamp);
}

static int send_all(char **words)
{
	static struct flow flows[FLOWS_MOST];
	struct sockaddr_in6 to = endpoint_address(words[0], words[1]);
	unsigned int flow_count = (unsigned int)atoi(words[2]);
	uint64_t left = strtoull(words[3], NULL, 10);
	size_t size = strtoull(words[4], NULL, 10);
	unsigned int window = (unsigned int)atoi(words[5]), batch = window ? window : BATCH;

	if (!flow_count || flow_count > FLOWS_MOST || size < sizeof(struct stamp) ||
	    size > SIZE_MOST || batch > BATCH)
		return 64;
	for (unsigned int i = 0; i < flow_count; i++)
		open_flow(&flows[i], &to);
	for (unsigned int i = 0; left; i = (i + 1) % flow_count) {
		unsigned int now = left < batch ? (unsigned int)left : batch;

		send_batch(&flows[i], now, size, window != 0);
		left -= now;
	}
	for (unsigned int i = 0; i < flow_count; i++)
		endpoint_print(&flows[i].end);
	return 0;
}

/* --- many flows --- */

struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	char payload[4];
} __attribute__((packed));

static void wait_until(struct timespec *when, long add_ns)
{
	when->tv_nsec += add_ns;
	if (when->tv_nsec >= 1000000000) {
		when->tv_nsec -= 1000000000;
		when->tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, when, NULL);
}

static int scatter(char **words)
{
	struct datagram datagrams[BATCH];
	struct mmsghdr messages[BATCH] = {0};
	struct iovec parts[BATCH];
	struct sockaddr_in6 from = endpoint_address(words[0], "0"),
			    to = endpoint_address(words[1], words[2]);
	struct sockaddr_in name = {.sin_family = AF_INET};
	uint64_t count = strtoull(words[3], NULL, 10), rate = strtoull(words[4], NULL, 10);
	struct endpoint here = {.id = endpoint_new_id(),
				.role = "scatter",
				.transport = "udp",
				.local = from,
				.remote = to};
	struct timespec next;
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0 || !rate)
		endpoint_fail("raw socket");
	memcpy(&name.sin_addr, &to.sin6_addr.s6_addr[12], 4);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (uint64_t sent = 0; sent < count;) {
		unsigned int batch = 0;

		for (; batch < BATCH && sent + batch < count; batch++) {
			uint64_t number = sent + batch;
			struct datagram *datagram = &datagrams[batch];

			*datagram = (struct datagram){
				.ip = {.version = 4,
				       .ihl = 5,
				       .ttl = 64,
				       .protocol = IPPROTO_UDP,
				       .tot_len = htons(sizeof(*datagram))},
				.udp = {.source = htons((uint16_t)(1024 + number % 64512)),
					.dest = htons((uint16_t)(ntohs(to.sin6_port) +
								 number / 64512)),
					.len = htons(sizeof(*datagram) - sizeof(datagram->ip))},
			};
			memcpy(&datagram->ip.saddr, &from.sin6_addr.s6_addr[12], 4);
			datagram->ip.daddr = name.sin_addr.s_addr;
			parts[batch] = (struct iovec){datagram, sizeof(*datagram)};
			messages[batch].msg_hdr = (struct msghdr){.msg_name = &name,
								  .msg_namelen = sizeof(name),
								  .msg_iov = &parts[batch],
								  .msg_iovlen = 1};
		}
		for (unsigned int done = 0; done < batch;) {
			int now = sendmmsg(fd, messages + done, batch - done, 0);

			if (now <= 0)
				endpoint_fail("sendmmsg");
			done += (unsigned int)now;
		}
		sent += batch;
		here.sent_packets += batch;
		here.sent_bytes += batch * sizeof(struct datagram);
		wait_until(&next, (long)(batch * 1000000000ULL / rate));
	}
	endpoint_print(&here);
	return 0;
}

int main(int count, char **words)
{
	const char *mode = count > 1 ? words[1] : "";

	if (!strcmp(mode, "sink") && count == 3)
		return sink(words[2]);
	if (!strcmp(mode, "send") && count == 8)
		return send_all(words + 2);
	if (!strcmp(mode, "scatter") && count == 7)
		return scatter(words + 2);
	fprintf(stderr, "flood: unknown use; the source says which there are\n");
	return 64;
}
