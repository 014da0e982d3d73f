/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds what looks secret in a process's arguments: passwords, tokens, keys, in the forms that
 * people give them on command lines. The names of options and variables stay visible.
 */
#ifndef RECORDER_SECRETS_H
#define RECORDER_SECRETS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Set masked[i] to 1 for every byte of the arguments (strings ended by 0 bytes) that belongs to
 * a secret value.
 */
void secrets_mark(const char *arguments, size_t size, uint8_t *masked);

#endif
