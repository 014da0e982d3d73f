/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fingerprints that others have published, ours, and the least that headers offer, as data.
 *
 * Where a recipe takes the whole payload, payload_hash stands for it, which is of the first 32
 * bytes: packets that only differ behind them are told apart by the recipe, not here. Where it
 * takes MD5, XXH3 does: what goes wrong with 64 bits comes from the fields, not from the
 * function.
 *
 * What a table takes is what its program has for it: editcap for each frame an MD5, a length
 * and a time, 40 bytes; NetObserv's map a key of 20 bytes and a value of 39; Arkime 3 seconds'
 * tables with room for 2.5 times the packets, of 17 bytes each. What compares packets
 * themselves keeps at least the shortest frame, 60 bytes. editcap's ring has what came twice
 * twice: a list of as many different frames does it no wrong.
 */
#include "analyzer/models/recipe.h"

#include <string.h>

#define MS 1000000ULL
#define S  1000000000ULL

#define RFC5475 "ip_identification:16,ip_fragment,source_address,destination_address,"
#define CONTENT                                                                       \
	"network_iana_number,ip_identification:16,network_bytes,tcp_sequence_number," \
	"tcp_acknowledgement_number,tcp_flags,payload_first"

static const struct recipe recipes[] = {
	{"flowtape", NULL, CONTENT, DIGEST_XXH3, 64, 100 * MS, 0, 0},
	{"id-length-protocol", NULL, "ip_identification:16,network_bytes,network_iana_number",
	 DIGEST_XXH3, 64, 100 * MS, 0, 0},
	{"id-length-tuple", NULL,
	 "ip_identification:16,network_bytes,network_iana_number,source_address,"
	 "destination_address,source_port,destination_port",
	 DIGEST_XXH3, 64, 100 * MS, 0, 0},
	{"netobserv-poc-address", "NetObserv's proof of concept, the first of its keys",
	 "skb_hash,skb_head", DIGEST_XXH3, 64, FINGERPRINT_FOREVER, 10922, 59},
	/* Its second key is asked where the first is not found: the design errs where either
	   does. */
	{"netobserv-poc-time", NULL, "skb_hash,skb_time_ns", DIGEST_XXH3, 64,
	 FINGERPRINT_FOREVER, 10922, 59},
	{"ipsx", "RFC 5475, A.1",
	 "ip_identification:16,ip_fragment,source_address,destination_address,payload_first:32",
	 DIGEST_IPSX, 16, 100 * MS, 0, 0},
	{"rfc5475-bob", "RFC 5475, 6.2.4 and A.2", RFC5475 "payload_first,payload_second",
	 DIGEST_BOB, 32, 100 * MS, 0, 0},
	{"rfc5475-crc32", "RFC 5475, 6.2.4", RFC5475 "payload_first,payload_second",
	 DIGEST_CRC32, 32, 100 * MS, 0, 0},
	{"arkime", "Arkime, capture/dedup.c",
	 "ip_class_of_service,network_bytes,ip_identification:16,ip_fragment,"
	 "network_iana_number,source_address,destination_address,source_port,"
	 "destination_port,icmp_type,icmp_code,tcp_sequence_number,"
	 "tcp_acknowledgement_number,tcp_flags,tcp_window_size,transport_checksum",
	 DIGEST_XXH3, 64, 2 * S, 1048575, 127},
	{"editcap-d", "editcap -d: whole frame, the last 5",
	 "source_mac,destination_mac,ethernet_type,network_bytes,ip_class_of_service,"
	 "ip_identification:16,ip_fragment,ip_ttl,network_iana_number,ip_checksum,"
	 "source_address,destination_address,source_port,destination_port,"
	 "tcp_sequence_number,tcp_acknowledgement_number,tcp_flags,tcp_window_size,"
	 "transport_checksum,payload_hash",
	 DIGEST_XXH3, 64, FINGERPRINT_FOREVER, 5, 40},
	{"editcap-w", "editcap -w 0.1: whole frame, by time",
	 "source_mac,destination_mac,ethernet_type,network_bytes,ip_class_of_service,"
	 "ip_identification:16,ip_fragment,ip_ttl,network_iana_number,ip_checksum,"
	 "source_address,destination_address,source_port,destination_port,"
	 "tcp_sequence_number,tcp_acknowledgement_number,tcp_flags,tcp_window_size,"
	 "transport_checksum,payload_hash",
	 DIGEST_XXH3, 64, 100 * MS, 0, 40},
	{"silk-rwpdedupe", "SiLK rwpdedupe",
	 "source_mac,destination_mac,ethernet_type,source_address,destination_address,"
	 "network_iana_number,payload_bytes,payload_hash",
	 DIGEST_XXH3, 64, 1 * S, 0, 60},
	{"trajectory-sampling", "Duffield and Grossglauser 2000: invariant header and payload",
	 "network_bytes,ip_identification:16,ip_fragment,network_iana_number,"
	 "source_address,destination_address,source_port,destination_port,"
	 "tcp_sequence_number,tcp_acknowledgement_number,tcp_flags,payload_hash",
	 DIGEST_XXH3, 20, 10 * S, 0, 0},
	{"spie", "Snoeren 2001: 28 bytes, IP without what changes, and 8 bytes behind it",
	 "network_bytes:16,ip_identification:16,ip_fragment,network_iana_number,"
	 "source_address,destination_address,source_port,destination_port,"
	 "tcp_sequence_number",
	 DIGEST_XXH3, 32, 60 * S, 0, 0},
	{"ucar-nat", "Ucar 2013: payload, and what a translation leaves equal",
	 "network_bytes,tcp_sequence_number,tcp_acknowledgement_number,tcp_window_size,"
	 "payload_hash",
	 DIGEST_XXH3, 64, 100 * MS, 0, 60},
};

const struct recipe *recipe_get(size_t i)
{
	return i < sizeof(recipes) / sizeof(recipes[0]) ? &recipes[i] : NULL;
}

const struct recipe *recipe_find(const char *name)
{
	for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++)
		if (!strcmp(recipes[i].name, name))
			return &recipes[i];
	return NULL;
}

int recipe_take(const struct recipe *recipe, struct fingerprint *fingerprint, char **problem)
{
	*fingerprint = (struct fingerprint){
		.digest.function = recipe->function,
		.digest.width = recipe->width,
		.entries = recipe->entries,
		.entry_bytes = recipe->entry_bytes,
		.windows = {recipe->window_ns},
		.window_count = 1,
	};
	return digest_parse(&fingerprint->digest, recipe->fields, problem);
}
