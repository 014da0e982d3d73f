/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of build ids: of this program, of small files of every class and byte order, and of
 * files that are cut or contradict themselves.
 */
#include "recorder/build_id.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOTES_AT   200U
#define FILE_SIZE  400U
#define NOTE_BYTES 36U /* of a build id of 20 bytes with its header and name */

#define ID_TEXT "000102030405060708090a0b0c0d0e0f10111213"

struct image {
	uint8_t bytes[FILE_SIZE];
	size_t size;
	int is_wide, is_big_endian;
};

static void put(struct image *image, size_t at, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		image->bytes[at + i] =
			(uint8_t)(value >> 8 * (image->is_big_endian ? size - 1 - i : i));
}

#define PUT(image, type, member, base, value)                                   \
	((image)->is_wide ? put(image, (base) + offsetof(Elf64_##type, member), \
				sizeof(((Elf64_##type *)0)->member), value)     \
			  : put(image, (base) + offsetof(Elf32_##type, member), \
				sizeof(((Elf32_##type *)0)->member), value))

static size_t header_size(const struct image *image)
{
	return image->is_wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t segment_size(const struct image *image)
{
	return image->is_wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static void put_note(struct image *image, size_t at, uint32_t type, const char *name,
		     uint32_t bytes)
{
	put(image, at, 4, strlen(name) + 1);
	put(image, at + 4, 4, bytes);
	put(image, at + 8, 4, type);
	memcpy(image->bytes + at + 12, name, strlen(name) + 1);
	for (uint32_t i = 0; i < bytes; i++)
		image->bytes[at + 12 + (strlen(name) + 4) / 4 * 4 + i] = (uint8_t)i;
}

/* A file with two segments: a loaded one, and notes: an ABI tag, then a build id. */
static struct image make_image(int is_wide, int is_big_endian)
{
	struct image image = {
		.size = FILE_SIZE, .is_wide = is_wide, .is_big_endian = is_big_endian};
	size_t notes = header_size(&image) + segment_size(&image);

	memcpy(image.bytes, ELFMAG, SELFMAG);
	image.bytes[EI_CLASS] = is_wide ? ELFCLASS64 : ELFCLASS32;
	image.bytes[EI_DATA] = is_big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	image.bytes[EI_VERSION] = EV_CURRENT;
	PUT(&image, Ehdr, e_type, 0, ET_DYN);
	PUT(&image, Ehdr, e_machine, 0, EM_X86_64);
	PUT(&image, Ehdr, e_version, 0, EV_CURRENT);
	PUT(&image, Ehdr, e_phoff, 0, header_size(&image));
	PUT(&image, Ehdr, e_ehsize, 0, header_size(&image));
	PUT(&image, Ehdr, e_phentsize, 0, segment_size(&image));
	PUT(&image, Ehdr, e_phnum, 0, 2);
	PUT(&image, Phdr, p_type, header_size(&image), PT_LOAD);
	PUT(&image, Phdr, p_filesz, header_size(&image), FILE_SIZE);
	PUT(&image, Phdr, p_type, notes, PT_NOTE);
	PUT(&image, Phdr, p_offset, notes, NOTES_AT);
	PUT(&image, Phdr, p_filesz, notes, 32 + NOTE_BYTES);
	PUT(&image, Phdr, p_align, notes, 4);
	put_note(&image, NOTES_AT, NT_GNU_ABI_TAG, "GNU", 16);
	put_note(&image, NOTES_AT + 32, NT_GNU_BUILD_ID, "GNU", 20);
	return image;
}

static int read_bytes(const void *bytes, size_t size, char id[BUILD_ID_SIZE])
{
	int file = memfd_create("executable", MFD_CLOEXEC), result;

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, size), size);
	memset(id, 0, BUILD_ID_SIZE);
	result = build_id_read(file, id);
	close(file);
	return result;
}

static int read_image(const struct image *image, char id[BUILD_ID_SIZE])
{
	return read_bytes(image->bytes, image->size, id);
}

/* What the loader mapped of this program. */
static int own_id(struct dl_phdr_info *info, size_t size, void *context)
{
	char *id = context;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const char *at = (const char *)(info->dlpi_addr + segment->p_vaddr);
		const char *end = at + segment->p_memsz;

		while (segment->p_type == PT_NOTE && at < end) {
			const ElfW(Nhdr) *note = (const void *)at;
			const uint8_t *bytes = (const uint8_t *)(note + 1) + 4;

			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4)
				for (uint32_t j = 0; j < note->n_descsz; j++)
					sprintf(id + 2 * j, "%02x", bytes[j]);
			at += sizeof(*note) + (note->n_namesz + 3) / 4 * 4 +
			      (note->n_descsz + 3) / 4 * 4;
		}
	}
	return 1; /* the first one is the program */
}

static void the_build_id_of_this_program_is_the_one_that_is_loaded(void **state)
{
	char expected[BUILD_ID_SIZE] = "", id[BUILD_ID_SIZE] = "";
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	dl_iterate_phdr(own_id, expected);
	if (!expected[0]) {
		print_message("SKIPPED: the linker here makes no build ids\n");
		skip();
	}
	assert_true(file >= 0);
	assert_int_equal(build_id_read(file, id), 0);
	close(file);
	assert_string_equal(id, expected);
}

static void every_class_and_byte_order_is_read(void **state)
{
	char id[BUILD_ID_SIZE];

	for (int wide = 0; wide < 2; wide++)
		for (int big = 0; big < 2; big++) {
			struct image image = make_image(wide, big);

			assert_int_equal(read_image(&image, id), 0);
			assert_string_equal(id, ID_TEXT);
		}
}

static void notes_of_eight_byte_alignment_are_read(void **state)
{
	struct image image = make_image(1, 0);
	size_t notes = header_size(&image) + segment_size(&image);
	char id[BUILD_ID_SIZE];

	PUT(&image, Phdr, p_align, notes, 8);
	PUT(&image, Phdr, p_filesz, notes, 32 + NOTE_BYTES + 4);
	assert_int_equal(read_image(&image, id), 0);
	assert_string_equal(id, ID_TEXT);
}

static void a_file_without_a_build_id_has_none(void **state)
{
	struct image image = make_image(1, 0);
	char id[BUILD_ID_SIZE];

	put_note(&image, NOTES_AT + 32, NT_GNU_BUILD_ID, "FOO", 20);
	assert_int_equal(read_image(&image, id), -ENOENT);
	put_note(&image, NOTES_AT + 32, NT_GNU_GOLD_VERSION, "GNU", 20);
	assert_int_equal(read_image(&image, id), -ENOENT);
	put_note(&image, NOTES_AT + 32, NT_GNU_BUILD_ID, "GNU", 0);
	assert_int_equal(read_image(&image, id), -ENOENT);
	put_note(&image, NOTES_AT + 32, NT_GNU_BUILD_ID, "GNU", BUILD_ID_BYTES + 1);
	PUT(&image, Phdr, p_filesz, header_size(&image) + segment_size(&image), 150);
	assert_int_equal(read_image(&image, id), -ENOENT);
	put_note(&image, NOTES_AT + 32, NT_GNU_BUILD_ID, "GNU", BUILD_ID_BYTES);
	assert_int_equal(read_image(&image, id), 0);
	assert_int_equal(strlen(id), 2 * BUILD_ID_BYTES);
	PUT(&image, Ehdr, e_phnum, 0, 0);
	assert_int_equal(read_image(&image, id), -ENOENT);
}

static void what_is_no_elf_file_is_refused(void **state)
{
	char id[BUILD_ID_SIZE];
	int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(read_bytes("", 0, id), -ENOEXEC);
	assert_int_equal(read_bytes("#!/bin/sh\n", 10, id), -ENOEXEC);
	assert_int_equal(read_bytes("!<arch>\n", 8, id), -ENOEXEC);
	assert_true(build_id_read(directory, id) < 0);
	close(directory);
	assert_true(build_id_read(-1, id) < 0);
}

static void a_file_that_is_cut_anywhere_gives_its_build_id_or_none(void **state)
{
	char id[BUILD_ID_SIZE];

	for (int wide = 0; wide < 2; wide++)
		for (int big = 0; big < 2; big++) {
			struct image image = make_image(wide, big);

			for (image.size = 0; image.size < FILE_SIZE; image.size++) {
				int result = read_image(&image, id);
				int whole = image.size >= NOTES_AT + 32 + NOTE_BYTES;

				assert_int_equal(result == 0, whole);
				assert_string_equal(id, whole ? ID_TEXT : "");
			}
		}
}

static void numbers_that_are_too_large_are_refused(void **state)
{
	static const uint64_t large[] = {1ULL << 16, 1ULL << 31, 1ULL << 32,  1ULL << 40,
					 1ULL << 63, ~0ULL,	 ~0ULL - 4096};
	char id[BUILD_ID_SIZE];

	for (int wide = 0; wide < 2; wide++)
		for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
			const struct image good = make_image(wide, 0);
			size_t notes = header_size(&good) + segment_size(&good);
			struct image image = good;

			PUT(&image, Phdr, p_filesz, notes, large[i]);
			assert_true(read_image(&image, id) < 0);
			image = good;
			PUT(&image, Phdr, p_offset, notes, large[i]);
			assert_true(read_image(&image, id) < 0);
			image = good;
			PUT(&image, Ehdr, e_phoff, 0, large[i]);
			assert_true(read_image(&image, id) < 0);
			image = good;
			PUT(&image, Ehdr, e_phnum, 0, large[i] - 1);
			assert_true(read_image(&image, id) < 0);
			image = good;
			put(&image, NOTES_AT, 4, large[i]);
			read_image(&image, id);
			put(&image, NOTES_AT, 4, 4);
			put(&image, NOTES_AT + 4, 4, large[i] - 1);
			assert_true(read_image(&image, id) < 0);
			image = good;
			PUT(&image, Ehdr, e_shoff, 0, large[i]);
			PUT(&image, Ehdr, e_shnum, 0, 0);
			read_image(&image, id);
			PUT(&image, Ehdr, e_shnum, 0, 0xffff);
			PUT(&image, Ehdr, e_shstrndx, 0, 0xffff);
			read_image(&image, id);
		}
}

static void every_changed_byte_is_survived(void **state)
{
	char id[BUILD_ID_SIZE];

	for (int wide = 0; wide < 2; wide++) {
		const struct image good = make_image(wide, 0);

		for (size_t at = 0; at < NOTES_AT + 32 + NOTE_BYTES; at++)
			for (unsigned int value = 1; value < 256; value += 31) {
				struct image image = good;

				image.bytes[at] ^= (uint8_t)value;
				read_image(&image, id);
				assert_true(strlen(id) < BUILD_ID_SIZE);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_build_id_of_this_program_is_the_one_that_is_loaded),
		cmocka_unit_test(every_class_and_byte_order_is_read),
		cmocka_unit_test(notes_of_eight_byte_alignment_are_read),
		cmocka_unit_test(a_file_without_a_build_id_has_none),
		cmocka_unit_test(what_is_no_elf_file_is_refused),
		cmocka_unit_test(a_file_that_is_cut_anywhere_gives_its_build_id_or_none),
		cmocka_unit_test(numbers_that_are_too_large_are_refused),
		cmocka_unit_test(every_changed_byte_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
