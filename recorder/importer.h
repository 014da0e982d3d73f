/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings capture files into a recording, one after the other: packets become connections,
 * connections become flow and hop rows at the end of each slice of capture time.
 */
#ifndef RECORDER_IMPORTER_H
#define RECORDER_IMPORTER_H

#include "recorder/filter.h"
#include "recorder/inventory.h"
#include "recorder/packet.h"
#include "recorder/writer.h"

struct importer;

struct importer_options {
	struct writer_options
		writer; /* with the inventory and the ledger that get the accounts */
	uint64_t slice_ns;
	uint32_t streams; /* bit of each enum stream_id that is wanted; 0: flow and hop */
	const struct filter *filter; /* of FILTER_OF_CAPTURES; NULL: none */
	/* Called now and then with the packets so far; not 0 stops the import. May be NULL. */
	int (*progress)(void *context, const char *path, uint64_t packets);
	void *progress_context;
};

/* What became of one file. The texts are the importer's caller's: free with import_file_clear.
 */
struct import_file {
	const char *path; /* borrowed */
	char *link_type;  /* NULL: could not be opened */
	char *problem;	  /* NULL: read to its end */
	uint64_t size_bytes;
	uint64_t packets;
	uint64_t verdicts[PACKET_VERDICTS];
	uint64_t excluded[RULES_KINDS]; /* of those counted, by the kind of rule */
	uint64_t first_ns, last_ns;	/* of all packets; 0 when there are none */
};

void import_file_clear(struct import_file *file);

/* NULL when memory is short. The recording's directory is opened with the first good capture.
 */
struct importer *importer_new(const struct importer_options *options);

/*
 * Import one file and put its account into inventory and ledger. Returns 0, also when the file
 * could not be read (to its end): file->problem says so then. -ECANCELED: progress said stop.
 * Any other negative errno: the recording cannot be written, importer_problem says why.
 */
int importer_file(struct importer *importer, const char *path, struct import_file *file);
const char *importer_problem(const struct importer *importer);

/*
 * Write what is left and finish the recording. Frees the importer. Returns 0, or a negative
 * errno with its words in status->problem when something is not on disk.
 */
int importer_close(struct importer *importer, struct writer_status *status);

#endif
