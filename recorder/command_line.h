/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's arguments as one line that a shell could read again.
 */
#ifndef RECORDER_COMMAND_LINE_H
#define RECORDER_COMMAND_LINE_H

#include <stddef.h>

/*
 * Arguments as the kernel keeps them, each ended by a 0 byte (the last one may be cut). With
 * redact, values that look secret are "***"; with cut, the line ends with " ...".
 * The caller frees the line; NULL when there are no arguments or memory is short.
 */
char *command_line_format(const char *arguments, size_t size, int redact, int cut);

#endif
