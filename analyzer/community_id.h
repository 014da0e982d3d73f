/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID, version 1: one text for a connection that every tool computes alike.
 */
#ifndef ANALYZER_COMMUNITY_ID_H
#define ANALYZER_COMMUNITY_ID_H

#include "schema/event.h"

#define COMMUNITY_ID_SIZE 31

/*
 * The text, "1:" and the base64 of a SHA-1, with its 0 byte. The seed is 0. TCP, UDP and SCTP
 * hash their ports; ICMP and ICMPv6 hash type and the type of the answer (type and code where
 * none answers) instead, and other protocols addresses alone, as the specification says
 * (corelight/community-id-spec).
 */
void community_id(const struct tuple *tuple, char text[COMMUNITY_ID_SIZE]);

#endif
