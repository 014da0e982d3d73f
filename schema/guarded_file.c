/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a guarded file under SQLite: a thin layer (a "VFS") over its own file access, which
 * checks each page on its way in.
 *
 * A page that does not check is SQLITE_IOERR_DATA to SQLite, so whatever needs the page fails
 * and the rest does not. A file that was cut seems to have its full size: only what needs a
 * page beyond the end fails.
 */
#include "schema/guarded_page.h"
#include "schema/page_guard.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VFS_NAME       "flowtape-guard"
#define CONTROL_DAMAGE 0x466c6f01 /* a file control of our own; its argument: page_damage */

struct guarded_file {
	sqlite3_file base; /* first: SQLite knows only this */
	int file;
	struct guarded_layout layout;
	uint64_t size; /* the real one */
	uint8_t *page;
	uint64_t page_in_memory; /* number of the checked page that is there; 0: none */
	int is_damaged;
	struct page_damage damage;
};

static int close_file(sqlite3_file *base)
{
	struct guarded_file *guarded = (struct guarded_file *)base;

	close(guarded->file);
	free(guarded->page);
	return SQLITE_OK;
}

static int is_damaged(struct guarded_file *guarded, uint64_t number, uint64_t end)
{
	guarded->is_damaged = 1;
	guarded->damage =
		(struct page_damage){(number - 1) * guarded->layout.page_size, number, end};
	return SQLITE_IOERR_DATA;
}

/* Bring a page into memory. */
static int load(struct guarded_file *guarded, uint64_t number, uint8_t *page)
{
	uint32_t page_size = guarded->layout.page_size;
	uint64_t offset = (number - 1) * page_size;
	int error;

	if (offset + page_size > guarded->size)
		return is_damaged(guarded, number, guarded->size);
	error = guarded_read(guarded->file, page, page_size, offset);
	if (error)
		return SQLITE_IOERR_READ;
	if (!guarded_page_checks(page, page_size, number))
		return is_damaged(guarded, number, 0);
	return SQLITE_OK;
}

/* Whole pages go straight to SQLite; a piece of one (of the header) through our own memory. */
static int read_bytes(sqlite3_file *base, void *to, int amount, sqlite3_int64 offset)
{
	struct guarded_file *guarded = (struct guarded_file *)base;
	uint64_t page_size = guarded->layout.page_size, at = (uint64_t)offset;
	uint8_t *out = to;
	int result;

	while (amount > 0) {
		uint64_t number = at / page_size + 1, skip = at % page_size;
		uint64_t piece = page_size - skip;

		if (piece > (uint64_t)amount)
			piece = (uint64_t)amount;
		if (piece == page_size) {
			result = load(guarded, number, out);
		} else if (guarded->page_in_memory == number) {
			result = SQLITE_OK;
		} else {
			guarded->page_in_memory = 0;
			result = load(guarded, number, guarded->page);
			if (!result)
				guarded->page_in_memory = number;
		}
		if (result)
			return result;
		if (piece < page_size)
			memcpy(out, guarded->page + skip, piece);
		out += piece;
		at += piece;
		amount -= (int)piece;
	}
	return SQLITE_OK;
}

static int refuse_write(sqlite3_file *base, const void *from, int amount, sqlite3_int64 offset)
{
	return SQLITE_READONLY;
}

static int refuse_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	return SQLITE_READONLY;
}

static int sync_nothing(sqlite3_file *base, int flags)
{
	return SQLITE_OK;
}

/* Without the last line, so that it holds whole pages. */
static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
	const struct guarded_file *guarded = (const struct guarded_file *)base;

	*out = (sqlite3_int64)(guarded->layout.page_count * guarded->layout.page_size);
	return SQLITE_OK;
}

static int lock_nothing(sqlite3_file *base, int level)
{
	return SQLITE_OK;
}

static int is_locked(sqlite3_file *base, int *out)
{
	*out = 0;
	return SQLITE_OK;
}

static int control(sqlite3_file *base, int operation, void *argument)
{
	struct guarded_file *guarded = (struct guarded_file *)base;

	if (operation != CONTROL_DAMAGE || !guarded->is_damaged)
		return SQLITE_NOTFOUND;
	*(struct page_damage *)argument = guarded->damage;
	guarded->is_damaged = 0;
	return SQLITE_OK;
}

static int sector_size(sqlite3_file *base)
{
	return 4096;
}

static int characteristics(sqlite3_file *base)
{
	return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = close_file,
	.xRead = read_bytes,
	.xWrite = refuse_write,
	.xTruncate = refuse_truncate,
	.xSync = sync_nothing,
	.xFileSize = file_size,
	.xLock = lock_nothing,
	.xUnlock = lock_nothing,
	.xCheckReservedLock = is_locked,
	.xFileControl = control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

static int begin(struct guarded_file *guarded, const char *path)
{
	struct stat status;

	guarded->file = open(path, O_RDONLY | O_CLOEXEC);
	if (guarded->file < 0)
		return SQLITE_CANTOPEN;
	guarded->page = malloc(GUARDED_PAGE_MOST);
	if (guarded->page && !fstat(guarded->file, &status) &&
	    !guarded_layout_read(guarded->file, &guarded->layout)) {
		guarded->size = (uint64_t)status.st_size;
		return SQLITE_OK;
	}
	close_file(&guarded->base);
	return guarded->page ? SQLITE_NOTADB : SQLITE_NOMEM;
}

static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags,
		     int *out_flags)
{
	sqlite3_vfs *real = vfs->pAppData;
	struct guarded_file *guarded = (struct guarded_file *)base;
	int result;

	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return real->xOpen(real, path, base, flags, out_flags);
	memset(guarded, 0, sizeof(*guarded)); /* without methods: nothing to close on failure */
	result = begin(guarded, path);
	if (result)
		return result;
	guarded->base.pMethods = &methods;
	if (out_flags)
		*out_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
	return SQLITE_OK;
}

/* All but opening is as SQLite's own layer has it. */
static sqlite3_vfs vfs;
static int registered = SQLITE_ERROR;

static void register_vfs(void)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);

	if (!real)
		return;
	vfs = *real;
	vfs.pNext = NULL;
	vfs.zName = VFS_NAME;
	vfs.pAppData = real;
	vfs.xOpen = open_file;
	if (vfs.szOsFile < (int)sizeof(struct guarded_file))
		vfs.szOsFile = (int)sizeof(struct guarded_file);
	registered = sqlite3_vfs_register(&vfs, 0);
}

int page_guard_open(const char *path, sqlite3 **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_vfs);
	if (registered) {
		*out = NULL;
		return registered;
	}
	return sqlite3_open_v2(path, out, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, VFS_NAME);
}

int page_guard_damage(sqlite3 *database, struct page_damage *out)
{
	return !sqlite3_file_control(database, "main", CONTROL_DAMAGE, out);
}
