/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture file, pcap or pcapng, read frame by frame through libpcap.
 */
#ifndef RECORDER_CAPTURE_H
#define RECORDER_CAPTURE_H

#include <stdint.h>

struct capture;

/* One frame; the bytes are valid until its visit returns. */
struct captured_frame {
	const uint8_t *bytes;
	uint32_t captured; /* bytes that the file holds */
	uint32_t original; /* bytes that the file says were on the wire */
	uint64_t time_ns;  /* epoch; before 1970 is 0, after 2262 is INT64_MAX */
};

/*
 * Open a file; "-" is standard input. On failure returns -EBADMSG (no capture) or another
 * negative errno, and *problem says in one line what was found and expected; the caller frees
 * it.
 */
int capture_open(const char *path, struct capture **out, char **problem);
void capture_close(struct capture *capture);

/*
 * Visit every frame that is left, until a visit returns an error. Returns 0 at the end of the
 * file, -ECANCELED after a visit's error, -EBADMSG when the rest cannot be read:
 * capture_problem says why.
 */
int capture_each(struct capture *capture,
		 int (*visit)(void *context, const struct captured_frame *frame),
		 void *context);
const char *capture_problem(const struct capture *capture);

/* libpcap's DLT_* number and its name. */
int capture_link_type(const struct capture *capture);
const char *capture_link_type_name(const struct capture *capture);

/* Of the file; 0 when it is a pipe. */
uint64_t capture_size_bytes(const struct capture *capture);

#endif
