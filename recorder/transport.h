/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of IP protocols, as network_transport shows them.
 */
#ifndef RECORDER_TRANSPORT_H
#define RECORDER_TRANSPORT_H

#include <stdint.h>

#define TRANSPORT_NUMBER_SIZE 4

/* The name; or the number, written into the caller's text, where it has none here. */
const char *transport_name(uint8_t protocol, char number[TRANSPORT_NUMBER_SIZE]);

/* The protocol of that name, or -1. */
int transport_find(const char *name);

#endif
