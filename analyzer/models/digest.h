/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of sightings: which fields, by which function, how many bits of it.
 *
 * Fields are columns of the packet stream: "ip_identification,network_bytes".
 * "payload_first:32" takes the lowest 32 bits of it, the last on the wire.
 * "skb_time_ns|ip_identification" takes the second where the first is zero, as it is where
 * there is none.
 */
#ifndef ANALYZER_MODELS_DIGEST_H
#define ANALYZER_MODELS_DIGEST_H

#include "schema/batch.h"

#define DIGEST_FIELDS 24

enum digest_function {
	DIGEST_XXH3,  /* 64 bits */
	DIGEST_CRC32, /* IEEE 802.3 */
	DIGEST_BOB,   /* Bob Jenkins 1996, as RFC 5475, appendix A.2 has it; initial value 0 */
	DIGEST_IPSX,  /* RFC 5475, appendix A.1: 16 bits of the first four words */
	DIGEST_FUNCTIONS,
};

struct digest_field {
	unsigned int column;	  /* of the packet stream */
	unsigned int bits;	  /* 128: an address; on the wire 32 where it is of IPv4 */
	unsigned int word, shift; /* where it lies in a row of words, for XXH3 */
	int is_alternative;	  /* taken where the one before it, and that one's, are zero */
};

struct digest {
	struct digest_field fields[DIGEST_FIELDS];
	size_t field_count;
	size_t word_count;
	enum digest_function function;
	unsigned int width; /* bits of the result that are used */
};

/*
 * The fields of a text. Identity, time and hop are no fields: a fingerprint must not know what
 * it is to find out. Returns 0, -EINVAL with *problem in one line that the caller frees,
 * -ENOMEM.
 */
int digest_parse(struct digest *digest, const char *fields, char **problem);

/* "xxh3", "crc32", "bob", "ipsx". */
extern const char *const digest_function_names[DIGEST_FUNCTIONS + 1];

/* The digests of count rows, at most 4096. values: one for each field. */
void digest_rows(const struct digest *digest, const union column_values *const *values,
		 uint32_t count, uint64_t *out);

/* The most bytes that the function is given for a row of IPv4. */
unsigned int digest_bytes(const struct digest *digest);

/*
 * What the function takes for them, by digest_costs, without the look-up of the digest. Not
 * what it took: the same recording gives the same figures everywhere. It tells functions and
 * fields apart by order of magnitude.
 */
double digest_ns(const struct digest *digest);

/*
 * Of each function: so much, and so much for each byte, as testdata/bench/replay/digests found
 * for 2 to 48 bytes in the cache on a core of a Xeon, and prints beside what it finds
 * anywhere. At 2 bytes BOB and IPSX take up to three times that.
 */
struct digest_cost {
	double ns, ns_per_byte;
};
extern const struct digest_cost digest_costs[DIGEST_FUNCTIONS];

/* The functions by themselves, of bytes as they lie on the wire. */
uint64_t digest_xxh3(const void *bytes, size_t size);
uint32_t digest_crc32(const unsigned char *bytes, size_t size);
uint32_t digest_bob(const unsigned char *bytes, size_t size);
uint16_t digest_ipsx(const unsigned char *bytes, size_t size);

#endif
