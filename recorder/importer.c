/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings capture files into a recording.
 *
 * Time is the capture's own. A slice is open until a packet of a later one comes, or one that
 * is more than a slice older (the next file); between the two, packets may come out of order.
 */
#include "recorder/importer.h"
#include "recorder/capture.h"
#include "recorder/connection.h"
#include "recorder/sighting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_NS (3600ULL * 1000000000)

/* Packets between two calls of progress. */
#define PROGRESS_PACKETS 16384U

static const char stage[] = "import";

struct importer {
	struct importer_options options;
	struct fragments *fragments;
	struct connections *connections;
	struct writer *writer; /* NULL before the first good capture */
	struct delivery *delivery;
	int slice_is_open;
	/* Packets of [earliest_ns, end_ns) belong to the open slice, or are late ones of the
	 * last. */
	uint64_t earliest_ns, end_ns;
	uint64_t newest_ns; /* of all counted packets so far */
	uint64_t packets;
	uint32_t files;	    /* so far */
	uint32_t sightings; /* in the delivery */
	char problem[512];
};

void import_file_clear(struct import_file *file)
{
	free(file->link_type);
	free(file->problem);
	memset(file, 0, sizeof(*file));
}

static int fail(struct importer *importer, int error, const char *words)
{
	snprintf(importer->problem, sizeof(importer->problem), "%s",
		 words && *words ? words : strerror(-error));
	return error;
}

static void dispose(struct importer *importer)
{
	delivery_free(importer->delivery);
	connections_free(importer->connections);
	fragments_free(importer->fragments);
	free(importer);
}

static int wants(const struct importer_options *options, enum stream_id id)
{
	return !options->streams ? id == STREAM_FLOW || id == STREAM_HOP
				 : (options->streams >> id & 1) != 0;
}

static struct connections *new_connections(const struct importer_options *options,
					   uint64_t first_flow_id)
{
	const struct connections_options connections = {
		.idle_ns = IDLE_NS,
		.first_flow_id = first_flow_id,
		.filter = options->filter,
		.no_flows = !wants(options, STREAM_FLOW),
		.no_hops = !wants(options, STREAM_HOP),
	};

	return connections_new(&connections);
}

struct importer *importer_new(const struct importer_options *options)
{
	struct importer *importer = calloc(1, sizeof(*importer));

	if (!importer)
		return NULL;
	importer->options = *options;
	importer->fragments = fragments_new();
	importer->connections = new_connections(options, 0);
	importer->delivery = delivery_new();
	if (!importer->fragments || !importer->connections || !importer->delivery) {
		dispose(importer);
		return NULL;
	}
	return importer;
}

const char *importer_problem(const struct importer *importer)
{
	return importer->problem;
}

static int open_recording(struct importer *importer)
{
	char *problem = NULL;
	int error;

	if (importer->writer)
		return 0;
	error = writer_open(&importer->options.writer, &importer->writer, &problem);
	if (error)
		fail(importer, error, problem);
	free(problem);
	return error;
}

/* --- slices --- */

static int deliver(struct importer *importer)
{
	struct writer_status status;
	int error;

	importer->delivery->covered_ns = importer->newest_ns;
	importer->sightings = 0;
	error = writer_deliver(importer->writer, importer->delivery, 1);
	if (error)
		return fail(importer, error, NULL);
	importer->delivery = delivery_new();
	if (!importer->delivery)
		return fail(importer, -ENOMEM, NULL);
	writer_status(importer->writer, &status);
	return status.error ? fail(importer, status.error, status.problem) : 0;
}

static uint64_t delivery_flows(const struct delivery *delivery)
{
	uint64_t count = 0;

	for (const struct batch *batch = delivery->first[STREAM_FLOW]; batch;
	     batch = batch->next)
		count += batch->row_count;
	return count;
}

/*
 * A delivery is handed over when another slice like this one would be too much for its batch:
 * batches, and so chunks, are all but full, and none holds only what was left over.
 */
static int end_slice(struct importer *importer, enum slice_end end)
{
	uint64_t before, flows;
	int error;

	if (!importer->slice_is_open)
		return 0;
	importer->slice_is_open = 0;
	before = delivery_flows(importer->delivery);
	error = connections_emit(importer->connections, end, importer->delivery);
	if (error)
		return fail(importer, error, NULL);
	flows = delivery_flows(importer->delivery);
	if (flows + (flows - before) <= BATCH_ROWS)
		return 0;
	return deliver(importer);
}

static void begin_slice(struct importer *importer, uint64_t time_ns)
{
	uint64_t slice_ns = importer->options.slice_ns;
	uint64_t start_ns = time_ns / slice_ns * slice_ns;

	importer->slice_is_open = 1;
	importer->earliest_ns = start_ns > slice_ns ? start_ns - slice_ns : 0;
	importer->end_ns = start_ns > UINT64_MAX - slice_ns ? UINT64_MAX : start_ns + slice_ns;
}

/* After a gap in which every connection was idle for too long, or a leap back that far, all
 * new. */
static int leap(struct importer *importer, uint64_t time_ns)
{
	struct connections *fresh;

	if (time_ns < importer->end_ns ? importer->earliest_ns - time_ns <= IDLE_NS
				       : time_ns - importer->end_ns <= IDLE_NS)
		return 0;
	fresh = new_connections(&importer->options,
				connections_next_flow_id(importer->connections));
	if (!fresh)
		return fail(importer, -ENOMEM, NULL);
	connections_free(importer->connections);
	importer->connections = fresh;
	return 0;
}

static int count(struct importer *importer, const struct packet *packet, uint64_t time_ns)
{
	int error;

	if (!importer->slice_is_open) {
		begin_slice(importer, time_ns);
	} else if (time_ns >= importer->end_ns || time_ns < importer->earliest_ns) {
		error = end_slice(importer, SLICE_ENDED);
		if (!error)
			error = leap(importer, time_ns);
		if (error)
			return error;
		begin_slice(importer, time_ns);
	}
	if (time_ns > importer->newest_ns)
		importer->newest_ns = time_ns;
	error = connections_packet(importer->connections, packet, time_ns);
	return error ? fail(importer, error, NULL) : 0;
}

/* What fills a batch is handed over, whatever slice is open. */
static int sight(struct importer *importer, const struct packet *packet,
		 const struct captured_frame *frame)
{
	const struct filter *filter = importer->options.filter;
	struct sighting_event event;
	struct packet_row row;
	int error;

	sighting_of_frame(packet, frame->bytes, importer->files, &event);
	sighting_row(&event, &row);
	row.time_ns = frame->time_ns;
	row.sampling_rate = filter ? filter->sampling_rate : 1;
	error = delivery_row(importer->delivery, STREAM_PACKET, &row);
	if (error)
		return fail(importer, error, NULL);
	return ++importer->sightings == BATCH_ROWS ? deliver(importer) : 0;
}

/* --- one file --- */

static void see_time(struct import_file *file, uint64_t time_ns)
{
	if (file->packets == 1 || time_ns < file->first_ns)
		file->first_ns = time_ns;
	if (time_ns > file->last_ns)
		file->last_ns = time_ns;
}

/* What a frame meets on its way. */
struct reading {
	struct importer *importer;
	struct import_file *file;
	int link_type;
	int error; /* that ended the reading */
};

static int take_frame(void *context, const struct captured_frame *frame)
{
	struct reading *reading = context;
	struct importer *importer = reading->importer;
	const struct importer_options *options = &importer->options;
	struct import_file *file = reading->file;
	struct packet packet;
	enum packet_verdict verdict;
	uint32_t kind = 0;

	verdict = packet_parse(reading->link_type, frame->bytes, frame->captured,
			       frame->original, importer->fragments, &packet);
	file->packets++;
	file->verdicts[verdict]++;
	see_time(file, frame->time_ns);
	if (verdict == PACKET_COUNTED && options->filter)
		kind = filter_excludes(options->filter, &packet.key);
	if (kind)
		file->excluded[__builtin_ctz(kind)]++;
	else if (verdict == PACKET_COUNTED)
		reading->error = count(importer, &packet, frame->time_ns);
	if (verdict == PACKET_COUNTED && !kind && !reading->error &&
	    wants(options, STREAM_PACKET))
		reading->error = sight(importer, &packet, frame);
	if (++importer->packets % PROGRESS_PACKETS == 0 && !reading->error &&
	    options->progress &&
	    options->progress(options->progress_context, file->path, importer->packets))
		reading->error = -ECANCELED;
	return reading->error;
}

static int read_frames(struct importer *importer, struct capture *capture,
		       struct import_file *file)
{
	struct reading reading = {importer, file, capture_link_type(capture), 0};

	if (capture_each(capture, take_frame, &reading) != -EBADMSG)
		return reading.error;
	if (asprintf(&file->problem, "after packet %llu: %s", (unsigned long long)file->packets,
		     capture_problem(capture)) < 0)
		file->problem = NULL;
	return 0;
}

/* The same for each stream that is made of the packets themselves. */
static void account_stream(const struct importer *importer, const struct import_file *file,
			   const char *name)
{
	struct ledger *ledger = importer->options.writer.ledger;
	uint64_t excluded = 0;

	for (int i = 0; i < RULES_KINDS; i++) {
		ledger_stage(ledger, filter_stage(1U << i), name, file->excluded[i], 0,
			     file->excluded[i]);
		excluded += file->excluded[i];
	}
	ledger_stage(ledger, stage, name, file->packets,
		     file->verdicts[PACKET_COUNTED] - excluded,
		     file->verdicts[PACKET_NOT_IP] + excluded);
	for (int verdict = PACKET_TRUNCATED; verdict < PACKET_VERDICTS; verdict++)
		if (file->verdicts[verdict])
			ledger_loss(ledger, stage, name, packet_verdict_name(verdict), -1,
				    file->first_ns, file->last_ns, file->verdicts[verdict]);
}

static int account(struct importer *importer, const struct import_file *file)
{
	const struct writer_options *writer = &importer->options.writer;
	const struct capture_entry entry = {
		.path = file->path,
		.size_bytes = file->size_bytes,
		.link_type = file->link_type,
		.packets = file->packets,
		.verdicts = {file->verdicts[0], file->verdicts[1], file->verdicts[2],
			     file->verdicts[3], file->verdicts[4]},
		.first_ns = file->first_ns,
		.last_ns = file->last_ns,
		.problem = file->problem,
	};

	_Static_assert(PACKET_VERDICTS == 5, "the verdicts of struct capture_entry");
	account_stream(importer, file, "flow");
	if (wants(&importer->options, STREAM_PACKET))
		account_stream(importer, file, "packet");
	return inventory_capture(writer->inventory, &entry) ? fail(importer, -ENOMEM, NULL) : 0;
}

static int import_capture(struct importer *importer, struct capture *capture,
			  struct import_file *file)
{
	int error = open_recording(importer);

	if (error)
		return error;
	file->size_bytes = capture_size_bytes(capture);
	file->link_type = strdup(capture_link_type_name(capture));
	if (!file->link_type)
		return fail(importer, -ENOMEM, NULL);
	return read_frames(importer, capture, file);
}

int importer_file(struct importer *importer, const char *path, struct import_file *file)
{
	struct capture *capture;
	int error, account_error;

	memset(file, 0, sizeof(*file));
	file->path = path;
	importer->files++;
	if (capture_open(path, &capture, &file->problem)) {
		if (!file->problem)
			file->problem = strdup("cannot be opened");
		return account(importer, file);
	}
	error = import_capture(importer, capture, file);
	capture_close(capture);
	if (error && asprintf(&file->problem, "after packet %llu: the import was stopped",
			      (unsigned long long)file->packets) < 0)
		file->problem = NULL;
	account_error = account(importer, file);
	return error ? error : account_error;
}

int importer_close(struct importer *importer, struct writer_status *status)
{
	int error, close_error = 0;

	memset(status, 0, sizeof(*status));
	error = end_slice(importer, SLICE_FORCED);
	if (importer->writer) {
		if (!error && importer->delivery && importer->delivery->row_count)
			error = deliver(importer);
		close_error = writer_close(importer->writer, status);
	}
	if (error && !close_error) {
		close_error = error;
		snprintf(status->problem, sizeof(status->problem), "%.255s", importer->problem);
	}
	dispose(importer);
	return close_error;
}
