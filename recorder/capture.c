/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture file, read through libpcap with nanoseconds.
 */
#include "recorder/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BUFFER_BYTES (64 * 1024)

struct capture {
	FILE *file;
	pcap_t *pcap;
	char *buffer;
	uint64_t size_bytes;
	int link_type;
	char link_type_name[32];
	int (*visit)(void *context, const struct captured_frame *frame);
	void *context; /* of the visit */
};

static int open_file(struct capture *capture, const char *path, char **problem)
{
	struct stat status;

	if (strcmp(path, "-") == 0) {
		capture->file = stdin;
		return 0;
	}
	capture->file = fopen(path, "rbe");
	if (!capture->file || fstat(fileno(capture->file), &status)) {
		int error = errno;

		*problem = strdup(strerror(error));
		return -error;
	}
	if (S_ISDIR(status.st_mode)) {
		*problem = strdup("is a directory, expected a capture file");
		return -EISDIR;
	}
	if (S_ISREG(status.st_mode))
		capture->size_bytes = (uint64_t)status.st_size;
	return 0;
}

/*
 * libpcap reads each frame with two fread calls: a larger buffer, and no lock for the one
 * thread that uses it, save a third of their time.
 */
static int open_pcap(struct capture *capture, char **problem)
{
	char why[PCAP_ERRBUF_SIZE] = "";

	capture->buffer = malloc(BUFFER_BYTES);
	if (!capture->buffer)
		return -ENOMEM;
	setvbuf(capture->file, capture->buffer, _IOFBF, BUFFER_BYTES);
	__fsetlocking(capture->file, FSETLOCKING_BYCALLER);
	capture->pcap = pcap_fopen_offline_with_tstamp_precision(
		capture->file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!capture->pcap) {
		if (asprintf(problem, "expected a pcap or pcapng capture: %s", why) < 0)
			*problem = NULL;
		return -EBADMSG;
	}
	return 0;
}

int capture_open(const char *path, struct capture **out, char **problem)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	const char *name;
	int error;

	*problem = NULL;
	if (!capture)
		return -ENOMEM;
	error = open_file(capture, path, problem);
	if (!error)
		error = open_pcap(capture, problem);
	if (error) {
		capture_close(capture);
		return error;
	}
	capture->link_type = pcap_datalink(capture->pcap);
	name = pcap_datalink_val_to_name(capture->link_type);
	if (name)
		snprintf(capture->link_type_name, sizeof(capture->link_type_name), "%s", name);
	else
		snprintf(capture->link_type_name, sizeof(capture->link_type_name), "%d",
			 capture->link_type);
	*out = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap); /* and the file, when it is not standard input */
	else if (capture->file && capture->file != stdin)
		fclose(capture->file);
	if (capture->file == stdin)
		setvbuf(stdin, NULL, _IONBF, 0);
	free(capture->buffer);
	free(capture);
}

/* A pcap file's seconds are 32 bits without sign; libpcap reads them with one. */
static uint64_t time_ns(const struct pcap_pkthdr *header)
{
	int64_t seconds = header->ts.tv_sec, ns;

	if (seconds < 0 && seconds >= INT32_MIN)
		seconds += 1LL << 32;
	if (__builtin_mul_overflow(seconds, 1000000000, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)header->ts.tv_usec, &ns))
		return seconds < 0 ? 0 : INT64_MAX;
	return ns < 0 ? 0 : (uint64_t)ns;
}

static void on_frame(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct capture *capture = (struct capture *)user;
	const struct captured_frame frame = {
		.bytes = bytes,
		.captured = header->caplen,
		.original = header->len,
		.time_ns = time_ns(header),
	};

	if (capture->visit(capture->context, &frame))
		pcap_breakloop(capture->pcap);
}

int capture_each(struct capture *capture,
		 int (*visit)(void *context, const struct captured_frame *frame), void *context)
{
	capture->visit = visit;
	capture->context = context;
	switch (pcap_loop(capture->pcap, -1, on_frame, (u_char *)capture)) {
	case 0:
		return 0;
	case PCAP_ERROR_BREAK:
		return -ECANCELED;
	default:
		return -EBADMSG;
	}
}

const char *capture_problem(const struct capture *capture)
{
	return pcap_geterr(capture->pcap);
}

int capture_link_type(const struct capture *capture)
{
	return capture->link_type;
}

const char *capture_link_type_name(const struct capture *capture)
{
	return capture->link_type_name;
}

uint64_t capture_size_bytes(const struct capture *capture)
{
	return capture->size_bytes;
}
