/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page of a guarded file, and where its pages lie.
 */
#include "schema/guarded_page.h"
#include "schema/page_guard.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define HEADER_SIZE 100U

int guarded_read(int file, void *bytes, size_t size, uint64_t offset)
{
	char *to = bytes;

	while (size) {
		ssize_t got = pread(file, to, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		to += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}

int guarded_layout_read(int file, struct guarded_layout *out)
{
	uint8_t header[HEADER_SIZE];
	uint32_t page_size, page_count;
	int error = guarded_read(file, header, sizeof(header), 0);

	if (error)
		return error;
	page_size = (uint32_t)header[16] << 8 | header[17];
	if (page_size == 1)
		page_size = 65536;
	memcpy(&page_count, header + 28, sizeof(page_count));
	if (memcmp(header, "SQLite format 3", 16) || page_size < 512 ||
	    page_size > GUARDED_PAGE_MOST || page_size & (page_size - 1))
		return -EBADMSG;
	*out = (struct guarded_layout){page_size, header[20], be32toh(page_count)};
	return 0;
}

static uint64_t sum(const uint8_t *page, uint32_t page_size, uint64_t number)
{
	return htole64(XXH3_64bits_withSeed(page, page_size - PAGE_GUARD_RESERVE, number));
}

int guarded_page_checks(const uint8_t *page, uint32_t page_size, uint64_t number)
{
	uint64_t expected = sum(page, page_size, number);

	return !memcmp(page + page_size - PAGE_GUARD_RESERVE, &expected, sizeof(expected));
}

void guarded_page_sign(uint8_t *page, uint32_t page_size, uint64_t number)
{
	uint64_t value = sum(page, page_size, number);

	memcpy(page + page_size - PAGE_GUARD_RESERVE, &value, sizeof(value));
}
