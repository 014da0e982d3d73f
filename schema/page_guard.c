/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards a closed SQLite file: writing the sums and the last line, and checking all of them.
 */
#include "schema/page_guard.h"
#include "schema/guarded_page.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_LINE_BEGIN "\nFlowtape seal: SHA-256 of the bytes before this line: "
#define LAST_LINE_SIZE	(sizeof(LAST_LINE_BEGIN) - 1 + PAGE_GUARD_DIGEST_SIZE)

int page_guard_reserve(sqlite3 *database)
{
	int bytes = PAGE_GUARD_RESERVE;

	return sqlite3_file_control(database, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

/* --- the digest of bytes that come one page after the other --- */

static EVP_MD_CTX *begin_digest(void)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1)
		return digest;
	EVP_MD_CTX_free(digest);
	return NULL;
}

static int end_digest(EVP_MD_CTX *digest, char out[PAGE_GUARD_DIGEST_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(digest, bytes, NULL) != 1)
		return -ENOMEM;
	for (unsigned int i = 0; i < (PAGE_GUARD_DIGEST_SIZE - 1) / 2; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
	return 0;
}

static int write_at(int file, const void *bytes, size_t size, uint64_t offset)
{
	const char *from = bytes;

	while (size) {
		ssize_t written = pwrite(file, from, size, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		from += written;
		offset += (uint64_t)written;
		size -= (size_t)written;
	}
	return 0;
}

static int append_last_line(int file, uint64_t offset, const char *digest)
{
	char line[LAST_LINE_SIZE + 1];

	snprintf(line, sizeof(line), LAST_LINE_BEGIN "%s\n", digest);
	return write_at(file, line, LAST_LINE_SIZE, offset);
}

static int guard_pages(int file, const struct guarded_layout *layout, uint8_t *page,
		       EVP_MD_CTX *digest)
{
	int error = 0;

	for (uint64_t number = 1; number <= layout->page_count && !error; number++) {
		uint64_t offset = (number - 1) * layout->page_size;

		error = guarded_read(file, page, layout->page_size, offset);
		if (error)
			break;
		guarded_page_sign(page, layout->page_size, number);
		error = write_at(file, page + layout->page_size - PAGE_GUARD_RESERVE,
				 PAGE_GUARD_RESERVE,
				 offset + layout->page_size - PAGE_GUARD_RESERVE);
		if (!error && EVP_DigestUpdate(digest, page, layout->page_size) != 1)
			error = -ENOMEM;
	}
	return error;
}

int page_guard_finish(int file, char out[PAGE_GUARD_DIGEST_SIZE])
{
	struct guarded_layout layout;
	uint8_t *page = malloc(GUARDED_PAGE_MOST);
	EVP_MD_CTX *digest = begin_digest();
	int error = page && digest ? 0 : -ENOMEM;

	if (!error)
		error = guarded_layout_read(file, &layout);
	if (!error && layout.reserve != PAGE_GUARD_RESERVE)
		error = -EINVAL;
	if (!error)
		error = guard_pages(file, &layout, page, digest);
	if (!error)
		error = end_digest(digest, out);
	if (!error && ftruncate(file, (off_t)(layout.page_count * layout.page_size)))
		error = -errno;
	if (!error)
		error = append_last_line(file, layout.page_count * layout.page_size, out);
	if (!error && fsync(file))
		error = -errno;
	EVP_MD_CTX_free(digest);
	free(page);
	return error;
}

/* --- what a file says of itself --- */

static int read_last_line(int file, char line[LAST_LINE_SIZE + 1], uint64_t *offset)
{
	struct stat status;

	if (fstat(file, &status))
		return -errno;
	if ((uint64_t)status.st_size < LAST_LINE_SIZE)
		return -ENODATA;
	*offset = (uint64_t)status.st_size - LAST_LINE_SIZE;
	line[LAST_LINE_SIZE] = 0;
	return guarded_read(file, line, LAST_LINE_SIZE, *offset);
}

/* How many bytes of a line differ from what every last line begins with. */
static size_t differing(const char *line)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(LAST_LINE_BEGIN) - 1; i++)
		count += line[i] != LAST_LINE_BEGIN[i];
	return count;
}

int page_guard_digest(int file, char digest[PAGE_GUARD_DIGEST_SIZE])
{
	const size_t begin = sizeof(LAST_LINE_BEGIN) - 1;
	char line[LAST_LINE_SIZE + 1];
	uint64_t offset;
	int error = read_last_line(file, line, &offset);

	if (error)
		return error;
	if (differing(line) > begin / 2)
		return -ENODATA;
	if (differing(line) || line[LAST_LINE_SIZE - 1] != '\n' ||
	    strspn(line + begin, "0123456789abcdef") != PAGE_GUARD_DIGEST_SIZE - 1)
		return -EBADMSG;
	memcpy(digest, line + begin, PAGE_GUARD_DIGEST_SIZE - 1);
	digest[PAGE_GUARD_DIGEST_SIZE - 1] = 0;
	return 0;
}

int page_guard_detect(int file)
{
	char digest[PAGE_GUARD_DIGEST_SIZE];
	struct guarded_layout layout;
	int error = page_guard_digest(file, digest);

	if (!error || error == -EBADMSG)
		return 1;
	if (error != -ENODATA)
		return error;
	error = guarded_layout_read(file, &layout);
	if (error == -EBADMSG)
		return 0;
	return error ? error : layout.reserve == PAGE_GUARD_RESERVE;
}

/* --- checking all of it --- */

static int check_pages(int file, const struct guarded_layout *layout, uint64_t size,
		       uint8_t *page, EVP_MD_CTX *digest,
		       int (*report)(void *context, const struct page_damage *damage),
		       void *context)
{
	int error = 0;

	for (uint64_t number = 1; number <= layout->page_count && !error; number++) {
		struct page_damage damage = {(number - 1) * layout->page_size, number, 0};

		if (damage.offset + layout->page_size > size) {
			damage.end = size;
			return report(context, &damage);
		}
		error = guarded_read(file, page, layout->page_size, damage.offset);
		if (!error && EVP_DigestUpdate(digest, page, layout->page_size) != 1)
			error = -ENOMEM;
		if (error || guarded_page_checks(page, layout->page_size, number))
			continue;
		error = report(context, &damage);
		/* It says how large pages are; what the file's end contradicts is not believed.
		 */
		if (!error && number == 1 &&
		    size != layout->page_count * layout->page_size + LAST_LINE_SIZE)
			return 0;
	}
	return error;
}

int page_guard_check(int file, int (*report)(void *context, const struct page_damage *damage),
		     void *context, int *is_whole)
{
	char named[PAGE_GUARD_DIGEST_SIZE], computed[PAGE_GUARD_DIGEST_SIZE];
	struct guarded_layout layout;
	struct stat status;
	uint8_t *page = malloc(GUARDED_PAGE_MOST);
	EVP_MD_CTX *digest = begin_digest();
	int error = page && digest ? 0 : -ENOMEM;

	*is_whole = 0;
	if (!error && fstat(file, &status))
		error = -errno;
	if (!error)
		error = guarded_layout_read(file, &layout);
	if (!error)
		error = check_pages(file, &layout, (uint64_t)status.st_size, page, digest,
				    report, context);
	if (!error)
		error = end_digest(digest, computed);
	if (!error &&
	    (uint64_t)status.st_size == layout.page_count * layout.page_size + LAST_LINE_SIZE)
		*is_whole = !page_guard_digest(file, named) && !strcmp(named, computed);
	EVP_MD_CTX_free(digest);
	free(page);
	return error;
}
