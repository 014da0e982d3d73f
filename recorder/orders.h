/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders that a recording takes while it runs: lines "on" and "off" on its standard input.
 */
#ifndef RECORDER_ORDERS_H
#define RECORDER_ORDERS_H

#include <stddef.h>

struct orders {
	int fd; /* to be polled; -1: nobody gives orders */
	char line[16];
	size_t size;
};

enum order {
	ORDER_NONE, /* no whole line has come */
	ORDER_OFF,
	ORDER_ON,
	ORDER_UNKNOWN, /* orders.line has its beginning */
	ORDER_END,     /* of the input: there will be no more */
};

/* Take the next order that is there, without waiting. */
enum order orders_take(struct orders *orders);

#endif
