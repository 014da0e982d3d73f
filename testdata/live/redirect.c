/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redirects sockets as a load balancer at cgroup hooks does: whoever of the cgroup connects or
 * sends to one address and port gets another one.
 *
 *   redirect CGROUP ADDRESS PORT TO_ADDRESS TO_PORT
 *
 * Prints "ready" on standard error, and goes on until SIGTERM. An IPv4 address counts for
 * sockets of IPv6, too.
 */
#include "testdata/live/endpoint.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>

#define LOAD(register_, offset) \
	((struct bpf_insn){BPF_LDX | BPF_MEM | BPF_W, register_, BPF_REG_1, offset, 0})
#define STORE(offset, register_) \
	((struct bpf_insn){BPF_STX | BPF_MEM | BPF_W, BPF_REG_1, register_, offset, 0})
#define SET(register_, value) \
	((struct bpf_insn){BPF_ALU | BPF_MOV | BPF_K, register_, 0, 0, (int)(value)})
#define UNLESS(register_, value, skip) \
	((struct bpf_insn){BPF_JMP32 | BPF_JNE | BPF_K, register_, 0, skip, (int)(value)})
#define EXIT() ((struct bpf_insn){BPF_JMP | BPF_EXIT, 0, 0, 0, 0})

#define MOST 32

static int bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(__NR_bpf, command, attributes, sizeof(*attributes));
}

/* Words of the socket address, at these offsets, that are compared and then replaced. */
static int load(enum bpf_attach_type hook, const int *offsets, const uint32_t *from,
		const uint32_t *to, int words)
{
	static char log[65536];
	struct bpf_insn program[MOST];
	int size = 4 * words + 2, next = 0;
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.expected_attach_type = hook,
		.insns = (uint64_t)program,
		.insn_cnt = (uint32_t)size,
		.license = (uint64_t) "GPL",
		.log_buf = (uint64_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
		.prog_name = "redirect",
	};

	for (int i = 0; i < words; i++) {
		program[next++] = LOAD(BPF_REG_2, (short)offsets[i]);
		program[next] = UNLESS(BPF_REG_2, from[i], (short)(4 * words - next - 1));
		next++;
	}
	for (int i = 0; i < words; i++) {
		program[next++] = SET(BPF_REG_2, to[i]);
		program[next++] = STORE((short)offsets[i], BPF_REG_2);
	}
	program[next++] = SET(BPF_REG_0, 1);
	program[next++] = EXIT();
	int fd = bpf(BPF_PROG_LOAD, &attributes);
	if (fd < 0) {
		fputs(log, stderr);
		endpoint_fail("BPF_PROG_LOAD");
	}
	return fd;
}

/* The link lives as long as its descriptor. */
static void attach(int cgroup, enum bpf_attach_type hook, int program)
{
	union bpf_attr attributes = {
		.link_create = {.prog_fd = (uint32_t)program,
				.target_fd = (uint32_t)cgroup,
				.attach_type = hook},
	};

	if (bpf(BPF_LINK_CREATE, &attributes) < 0)
		endpoint_fail("BPF_LINK_CREATE");
}

static void words_of(const struct sockaddr_in6 *address, uint32_t words[5])
{
	memcpy(words, &address->sin6_addr, 16);
	words[4] = address->sin6_port;
}

int main(int count, char **words)
{
	static const int offsets[] = {
		offsetof(struct bpf_sock_addr, user_ip6),
		offsetof(struct bpf_sock_addr, user_ip6) + 4,
		offsetof(struct bpf_sock_addr, user_ip6) + 8,
		offsetof(struct bpf_sock_addr, user_ip6) + 12,
		offsetof(struct bpf_sock_addr, user_port),
	};
	static const int offsets4[] = {
		offsetof(struct bpf_sock_addr, user_ip4),
		offsetof(struct bpf_sock_addr, user_port),
	};
	static const enum bpf_attach_type hooks[] = {BPF_CGROUP_INET6_CONNECT,
						     BPF_CGROUP_UDP6_SENDMSG};
	static const enum bpf_attach_type hooks4[] = {BPF_CGROUP_INET4_CONNECT,
						      BPF_CGROUP_UDP4_SENDMSG};
	uint32_t from[5], to[5];
	sigset_t term;
	int signal;

	if (count != 6) {
		fprintf(stderr, "usage: redirect CGROUP ADDRESS PORT TO_ADDRESS TO_PORT\n");
		return 64;
	}
	struct sockaddr_in6 asked = endpoint_address(words[2], words[3]);
	struct sockaddr_in6 given = endpoint_address(words[4], words[5]);
	int cgroup = open(words[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup < 0)
		endpoint_fail(words[1]);
	words_of(&asked, from);
	words_of(&given, to);
	for (int i = 0; i < 2; i++) {
		attach(cgroup, hooks[i], load(hooks[i], offsets, from, to, 5));
		if (IN6_IS_ADDR_V4MAPPED(&asked.sin6_addr))
			attach(cgroup, hooks4[i],
			       load(hooks4[i], offsets4, from + 3, to + 3, 2));
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	fprintf(stderr, "ready\n");
	sigwait(&term, &signal);
	return 0;
}
