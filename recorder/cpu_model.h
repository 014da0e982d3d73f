/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPU a host has, in the words of its /proc/cpuinfo.
 */
#ifndef RECORDER_CPU_MODEL_H
#define RECORDER_CPU_MODEL_H

#include <stdio.h>

/*
 * Of the first CPU in the list: its model's name; where there is none, as on ARM, the numbers
 * of its maker and part: "implementer 0x41, part 0xd0c". NULL when it says neither or memory is
 * short. The caller frees it.
 */
char *cpu_model_read(FILE *cpuinfo);

#endif
