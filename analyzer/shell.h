/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small SQL shell: statements up to a semicolon, and the words .tables .schema .help .quit.
 */
#ifndef ANALYZER_SHELL_H
#define ANALYZER_SHELL_H

#include "analyzer/command.h"

/* Run all statements of a text and print their rows. Returns 0, or -EIO when one failed (told).
 */
int shell_execute(struct command_session *session, struct render *render, const char *sql);

/* Read from in until its end; an error does not end it. Returns 0, or -EIO when one failed. */
int shell_run(struct command_session *session, struct render *render, FILE *in, int prompt);

#endif
