/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges rows of a recording by what is known to have happened.
 */
#ifndef RECORDER_SELF_JUDGE_H
#define RECORDER_SELF_JUDGE_H

#include "recorder/read_back.h"
#include "recorder/self_check.h"
#include "recorder/self_traffic.h"

#define JUDGE_NAME 64

struct judged_process {
	uint32_t pid;
	char name[JUDGE_NAME];
};

/* What the recording says of a conversation. */
struct judged_flow {
	unsigned int rows;
	uint64_t source_packets, source_bytes, destination_packets, destination_bytes;
	struct judged_process client, server;
	struct address source_nat_address, destination_nat_address;
	uint16_t source_nat_port, destination_nat_port;
};

struct judged_life {
	int was_forked, was_executed, has_ended;
	uint32_t parent_pid, exit_code;
	struct judged_process executed;
};

struct self_judge {
	const struct self_report *report;
	struct probes *probes;
	struct judged_flow tcp, udp, translated;
	unsigned int flows; /* of all in the namespace */
	unsigned int translations;
	struct nat_row translation; /* without its texts */
	int was_there;		    /* the parent of all, before the start */
	struct judged_life forked, executed;
};

/* Rows of three streams, for read_back. */
int self_judge_flow(void *judge, const void *row);
int self_judge_nat(void *judge, const void *row);
int self_judge_process(void *judge, const void *row);

/* Fill up to SELF_CHECK_LINES lines; returns how many. */
size_t self_judge_lines(const struct self_judge *judge, struct self_check_line *lines);

#endif
