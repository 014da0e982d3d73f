/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations and sizes as people write them: 500ms, 60s, 5m, 1h, 2d; 64M, 1G; bare numbers are
 * seconds and bytes.
 */
#ifndef RECORDER_DURATION_H
#define RECORDER_DURATION_H

#include <stdint.h>

/* Return 0, or -EINVAL when the text is none or is beyond 64 bits. */
int duration_parse(const char *text, uint64_t *ns);
int size_parse(const char *text, uint64_t *bytes);

#endif
