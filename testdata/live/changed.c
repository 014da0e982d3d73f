/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to be loaded before zstd, which makes of the recorder a build that got worse. The
 * environment says how:
 *
 *   FLOWTAPE_CHANGE=slow   whatever is compressed at one go is compressed a hundred times
 *   FLOWTAPE_CHANGE=large  nothing is compressed well: zstd's fastest level in place of any
 * other
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define FASTEST (-(1 << 17))

static int is_changed(const char *how)
{
	const char *change = getenv("FLOWTAPE_CHANGE");

	return change && !strcmp(change, how);
}

size_t ZSTD_compress2(ZSTD_CCtx *context, void *to, size_t room, const void *from, size_t size)
{
	size_t (*compress)(ZSTD_CCtx *, void *, size_t, const void *, size_t) =
		dlsym(RTLD_NEXT, "ZSTD_compress2");

	for (int i = 0; is_changed("slow") && i < 99; i++)
		compress(context, to, room, from, size);
	return compress(context, to, room, from, size);
}

size_t ZSTD_CCtx_setParameter(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
	size_t (*set)(ZSTD_CCtx *, ZSTD_cParameter, int) =
		dlsym(RTLD_NEXT, "ZSTD_CCtx_setParameter");

	if (parameter == ZSTD_c_compressionLevel && is_changed("large"))
		value = FASTEST;
	return set(context, parameter, value);
}
