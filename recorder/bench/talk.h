/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an experiment talks with an agent that is started once: it is told "on" and "off", a line
 * each, on its standard input; when it has done so it answers with the same line on its
 * standard output. First it is told "off"; it is to end at the end of its input.
 */
#ifndef RECORDER_BENCH_TALK_H
#define RECORDER_BENCH_TALK_H

#include <stddef.h>

struct talk {
	int tell, answer; /* the experiment's ends of two pipes; -1: there are none */
	char line[64];	  /* what has come of one */
	size_t line_size;
};

/* Make the pipes; ends[0] and ends[1] are the agent's input and output, for the caller to
 * close. Returns 0 or a negative errno. */
int talk_open(struct talk *talk, int ends[2]);

/* What it has been told is all. */
void talk_finish(struct talk *talk);

/* Close what is left; one that was never opened has -1 twice. */
void talk_close(struct talk *talk);

/* Tell it to be on or off, and wait until it is. Returns 0, -ETIMEDOUT, or -EPIPE where it has
 * ended. */
int talk_turn(struct talk *talk, int on);

/* The same for the first "off", which an agent answers when it has started. */
int talk_begin(struct talk *talk);

#endif
