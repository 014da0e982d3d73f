/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GNU build id of an executable: the note NT_GNU_BUILD_ID in a segment PT_NOTE, see elf(5).
 *
 * Never by mmap: who may write to a file could cut it while we look at it. What libelf
 * allocates for the file's own numbers is bounded before it is asked.
 */
#include "recorder/build_id.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEGMENTS_MOST	1024
#define NOTES_SIZE_MOST (64U << 10)

/* Whether it is an ELF file. A count of sections outside its header could be any number. */
static int check_header(int file)
{
	union {
		unsigned char bytes[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} header;
	ssize_t got = pread(file, &header, sizeof(header), 0);
	int has_sections;

	if (got < 0)
		return -errno;
	if (got < (ssize_t)sizeof(header.narrow) || memcmp(header.bytes, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (header.bytes[EI_CLASS] == ELFCLASS32)
		has_sections = !header.narrow.e_shoff || header.narrow.e_shnum;
	else if (header.bytes[EI_CLASS] == ELFCLASS64 && got == (ssize_t)sizeof(header))
		has_sections = !header.wide.e_shoff || header.wide.e_shnum;
	else
		return -ENOEXEC;
	return has_sections ? 0 : -ENOEXEC;
}

static void write_digits(char id[BUILD_ID_SIZE], const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

static int look_at_notes(Elf_Data *data, char id[BUILD_ID_SIZE])
{
	size_t at = 0, next, name_at, bytes_at;
	const char *bytes = data->d_buf;
	GElf_Nhdr note;

	while ((next = gelf_getnote(data, at, &note, &name_at, &bytes_at)) > 0) {
		at = next;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof(ELF_NOTE_GNU) ||
		    memcmp(bytes + name_at, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) ||
		    !note.n_descsz || note.n_descsz > BUILD_ID_BYTES)
			continue;
		write_digits(id, (const unsigned char *)bytes + bytes_at, note.n_descsz);
		return 0;
	}
	return -ENOENT;
}

static int look_at_segments(Elf *elf, char id[BUILD_ID_SIZE])
{
	GElf_Phdr segment;
	Elf_Data *data;
	size_t count;

	if (elf_kind(elf) != ELF_K_ELF || elf_getphdrnum(elf, &count) || count > SEGMENTS_MOST)
		return -ENOEXEC;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &segment))
			return -ENOEXEC;
		if (segment.p_type != PT_NOTE || !segment.p_filesz ||
		    segment.p_filesz > NOTES_SIZE_MOST)
			continue;
		data = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
					    segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		if (data && !look_at_notes(data, id))
			return 0;
	}
	return -ENOENT;
}

int build_id_read(int file, char id[BUILD_ID_SIZE])
{
	int error = check_header(file);
	Elf *elf;

	if (error)
		return error;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOSYS;
	elf = elf_begin(file, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	error = look_at_segments(elf, id);
	elf_end(elf);
	return error;
}
