/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes orders, line by line.
 */
#include "recorder/orders.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int has_more(int fd)
{
	struct pollfd input = {.fd = fd, .events = POLLIN};

	return poll(&input, 1, 0) > 0;
}

static enum order meaning(struct orders *orders)
{
	orders->line[orders->size] = 0;
	orders->size = 0;
	return !strcmp(orders->line, "on")    ? ORDER_ON
	       : !strcmp(orders->line, "off") ? ORDER_OFF
					      : ORDER_UNKNOWN;
}

/* Byte by byte: what follows a line is the next call's. */
enum order orders_take(struct orders *orders)
{
	while (has_more(orders->fd)) {
		char byte;
		ssize_t size = read(orders->fd, &byte, 1);

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return ORDER_END;
		if (byte == '\n')
			return meaning(orders);
		if (orders->size < sizeof(orders->line) - 1)
			orders->line[orders->size++] = byte;
	}
	return ORDER_NONE;
}
