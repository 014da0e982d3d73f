/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link between two network namespaces whose packets are on their way for a known time, one
 * after the other, until SIGTERM.
 *
 *   slow_link HERE THERE INTERFACE DELAY_US
 *
 * HERE and THERE are files of namespaces; each gets a tun interface of that name, which is
 * up. No packet takes less than the delay. Prints "ready" on standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_end(const char *network_namespace, const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int place = open(network_namespace, O_RDONLY | O_CLOEXEC);
	int tun, any;

	if (place < 0 || setns(place, CLONE_NEWNET))
		fail(network_namespace);
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &request))
		fail("/dev/net/tun");
	any = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP;
	if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request))
		fail("up");
	close(any);
	close(place);
	return tun;
}

static void pass_on(int from, int to, long delay_us)
{
	static char packet[1 << 16];
	ssize_t size = read(from, packet, sizeof(packet));
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += delay_us % 1000000 * 1000;
	until.tv_sec += delay_us / 1000000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	/* An end that is not ready yet refuses what it is given. */
	if (size > 0 && write(to, packet, (size_t)size) < 0 && errno != EIO && errno != EINVAL)
		fail("write");
}

int main(int count, char **words)
{
	struct pollfd ends[2];

	if (count != 5) {
		fprintf(stderr, "usage: slow_link HERE THERE INTERFACE DELAY_US\n");
		return 64;
	}
	for (int i = 0; i < 2; i++)
		ends[i] = (struct pollfd){.fd = open_end(words[1 + i], words[3]),
					  .events = POLLIN};
	fprintf(stderr, "ready\n");
	while (poll(ends, 2, -1) > 0)
		for (int i = 0; i < 2; i++)
			if (ends[i].revents & POLLIN)
				pass_on(ends[i].fd, ends[!i].fd, atol(words[4]));
	return 0;
}
