/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds any bytes to build_id_read, as a file.
 */
#include "recorder/build_id.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = memfd_create("executable", MFD_CLOEXEC);
	char id[BUILD_ID_SIZE] = "";

	if (file < 0)
		return 0;
	if (write(file, data, size) == (ssize_t)size && !build_id_read(file, id)) {
		size_t digits = strlen(id);

		assert(digits >= 2 && digits < BUILD_ID_SIZE && digits % 2 == 0);
		assert(strspn(id, "0123456789abcdef") == digits);
	}
	close(file);
	return 0;
}
