/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talks with an agent by two pipes.
 */
#include "recorder/bench/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define START_MS  60000
#define ANSWER_MS 10000

int talk_open(struct talk *talk, int ends[2])
{
	int down[2], up[2];

	*talk = (struct talk){.tell = -1, .answer = -1};
	if (pipe2(down, O_CLOEXEC))
		return -errno;
	if (pipe2(up, O_CLOEXEC)) {
		close(down[0]);
		close(down[1]);
		return -errno;
	}
	talk->tell = down[1];
	talk->answer = up[0];
	ends[0] = down[0];
	ends[1] = up[1];
	return 0;
}

void talk_finish(struct talk *talk)
{
	if (talk->tell >= 0)
		close(talk->tell);
	talk->tell = -1;
}

void talk_close(struct talk *talk)
{
	talk_finish(talk);
	if (talk->answer >= 0)
		close(talk->answer);
	talk->answer = -1;
}

/* Whether the line that has come is this word; other lines are an agent's own business. */
static int is_answer(struct talk *talk, const char *word)
{
	char byte;

	while (read(talk->answer, &byte, 1) == 1) {
		if (byte != '\n') {
			if (talk->line_size < sizeof(talk->line) - 1)
				talk->line[talk->line_size++] = byte;
			continue;
		}
		talk->line[talk->line_size] = 0;
		talk->line_size = 0;
		return !strcmp(talk->line, word);
	}
	return -EPIPE;
}

static int ask(struct talk *talk, const char *word, int timeout_ms)
{
	struct pollfd answer = {.fd = talk->answer, .events = POLLIN};
	int status = 0;

	if (dprintf(talk->tell, "%s\n", word) < 0)
		return -errno;
	while (!status) {
		int ready = poll(&answer, 1, timeout_ms);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return ready ? -errno : -ETIMEDOUT;
		status = is_answer(talk, word);
	}
	return status < 0 ? status : 0;
}

int talk_turn(struct talk *talk, int on)
{
	return ask(talk, on ? "on" : "off", ANSWER_MS);
}

int talk_begin(struct talk *talk)
{
	return ask(talk, "off", START_MS);
}
