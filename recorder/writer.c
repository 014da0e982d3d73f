/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer thread: takes deliveries from a bounded queue and puts them into segments.
 *
 * A delivery, the ledger and the inventory go into one transaction: the accounts in a segment
 * are always those of the rows in it. A delivery that cannot be stored is counted as lost and
 * the next one is tried: when the disk has room again, the recording goes on.
 *
 * The rows of an open slice are replaced when it ends, which cannot reach across
 * segments. So a new segment begins only where no slice is open. In the account "writer" a
 * replaced row is excluded, and so is a row of an open slice that could not be stored: it comes
 * again.
 */
#include "recorder/writer.h"
#include "recorder/directory.h"
#include "recorder/queue.h"
#include "recorder/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_DELIVERIES      64
#define QUEUE_ROWS	      (1ULL << 20) /* about 300 MiB of flow rows */
#define DEFAULT_SEGMENT_BYTES (256ULL << 20)
#define DEFAULT_SEGMENT_NS    (3600ULL * 1000000000)
#define RESERVE_BYTES	      (1ULL << 20)
#define COMPRESSION_LEVEL     1

static const char stage[] = "writer";

struct writer {
	struct inventory *inventory;
	struct ledger *ledger;
	struct directory *directory;
	struct sealer *sealer;
	uint64_t segment_bytes, segment_ns;
	int (*is_enough)(void *context, uint32_t left);
	void *is_enough_context;

	/* Of the writer thread alone. */
	struct segment_writer *segment; /* NULL: the next delivery begins one */
	uint32_t sequence;		/* of it */
	int is_new;			/* nothing of the inventory is in the segment yet */
	int wants_new;			/* the segment is full, or failed */
	int slice_is_open;		/* after the last delivery */
	uint64_t open_slice, open_rows[STREAM_COUNT]; /* provisional rows in the segment */
	uint64_t first_covered_ns;		      /* of the segment */
	uint64_t unfinished_bytes; /* of segments that could not be finished */
	int reserve;		   /* a file that holds room on the disk; negative: none */

	struct queue *queue;
	pthread_t thread;
	int gentle;
	atomic_int thread_id;  /* the kernel's; 0: not known yet */
	pthread_mutex_t mutex; /* of status and first_error */
	struct writer_status status;
	int first_error;
};

static uint64_t epoch_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int remember(struct writer *writer, int error, const char *problem)
{
	pthread_mutex_lock(&writer->mutex);
	writer->status.error = error;
	if (error) {
		snprintf(writer->status.problem, sizeof(writer->status.problem), "%s", problem);
		writer->first_error = writer->first_error ? writer->first_error : error;
	}
	pthread_mutex_unlock(&writer->mutex);
	return error;
}

static int segment_failed(struct writer *writer, int error)
{
	remember(writer, error, segment_error(writer->segment));
	segment_rollback(writer->segment);
	if (error != -ENOSPC && error != -ENOMEM)
		writer->wants_new = 1;
	return error;
}

static int begin_segment(struct writer *writer)
{
	struct segment_identity identity = {
		.writer = "flowrec " FLOWTAPE_VERSION,
		.created_ns = epoch_now_ns(),
		.level = COMPRESSION_LEVEL,
	};
	char problem[256];
	int error = directory_create_segment(writer->directory, &identity, &writer->segment,
					     problem, sizeof(problem));

	if (error)
		return remember(writer, error, problem);
	writer->sequence = identity.sequence;
	writer->is_new = 1;
	writer->wants_new = 0;
	writer->open_slice = 0;
	writer->first_covered_ns = 0;
	return 0;
}

static void show_size(struct writer *writer, uint64_t size_bytes)
{
	pthread_mutex_lock(&writer->mutex);
	writer->status.written_bytes = writer->unfinished_bytes + size_bytes;
	pthread_mutex_unlock(&writer->mutex);
}

/* Where its end cannot be written, the segment stays as one that was torn, and is not sealed.
 */
static int end_segment(struct writer *writer)
{
	int error = segment_finish(writer->segment, epoch_now_ns());
	uint64_t size_bytes;

	if (error)
		remember(writer, error, segment_error(writer->segment));
	size_bytes = segment_size_bytes(writer->segment);
	segment_close(writer->segment);
	writer->segment = NULL;
	if (error)
		writer->unfinished_bytes += size_bytes;
	else
		sealer_add(writer->sealer, writer->sequence, size_bytes);
	show_size(writer, 0);
	ledger_rotate(writer->ledger);
	return error;
}

/* What the host and the ledger have to say, and the commit. */
static int conclude(struct writer *writer, uint64_t covered_ns)
{
	int error = ledger_store(writer->ledger, writer->segment);

	if (!error)
		error = inventory_store(writer->inventory, writer->segment, writer->is_new);
	if (!error)
		error = segment_commit(writer->segment, covered_ns);
	if (error)
		return segment_failed(writer, error);
	writer->is_new = 0;
	ledger_committed(writer->ledger);
	inventory_committed(writer->inventory);
	return 0;
}

static int store_accounts(struct writer *writer)
{
	int error = segment_begin(writer->segment);

	return error ? segment_failed(writer, error) : conclude(writer, 0);
}

/* All rows, and of them the provisional ones. */
static void count_rows(const struct delivery *delivery, uint64_t rows[STREAM_COUNT],
		       uint64_t provisional[STREAM_COUNT])
{
	for (int i = 0; i < STREAM_COUNT; i++) {
		rows[i] = provisional[i] = 0;
		for (const struct batch *batch = delivery->first[i]; batch;
		     batch = batch->next) {
			rows[i] += batch->row_count;
			if (batch->slice)
				provisional[i] += batch->row_count;
		}
	}
}

static int append(struct writer *writer, const struct delivery *delivery)
{
	int error = segment_begin(writer->segment);

	if (!error && delivery->drop_slice)
		error = segment_drop_slice(writer->segment, delivery->drop_slice);
	for (int i = 0; i < STREAM_COUNT && !error; i++) {
		for (struct batch *batch = delivery->first[i]; batch && !error;
		     batch = batch->next)
			error = segment_append(writer->segment, batch, batch->slice);
	}
	return error ? segment_failed(writer, error) : 0;
}

/*
 * The account of a stored delivery; it has to be made before the commit that it belongs to, so
 * sign -1 takes it back when that fails.
 */
static void account_stored(struct writer *writer, const uint64_t rows[STREAM_COUNT],
			   const uint64_t replaced[STREAM_COUNT], int sign)
{
	uint64_t factor = (uint64_t)(int64_t)sign;

	for (int i = 0; i < STREAM_COUNT; i++)
		ledger_stage(writer->ledger, stage, stream_get(i)->name, factor * rows[i],
			     factor * (rows[i] - replaced[i]), factor * replaced[i]);
}

static void account_failed(struct writer *writer, const struct delivery *delivery, int error)
{
	const char *reason = error == -ENOSPC	? "disk full"
			     : error == -ENOMEM ? "no memory"
						: "write error";
	uint64_t first_ns, last_ns;

	for (int i = 0; i < STREAM_COUNT; i++) {
		const char *name = stream_get(i)->name;

		for (const struct batch *batch = delivery->first[i]; batch;
		     batch = batch->next) {
			if (batch->slice) {
				ledger_stage(writer->ledger, stage, name, batch->row_count, 0,
					     batch->row_count);
				continue;
			}
			batch_span(batch, &first_ns, &last_ns);
			ledger_stage(writer->ledger, stage, name, batch->row_count, 0, 0);
			ledger_loss(writer->ledger, stage, name, reason, -1, first_ns, last_ns,
				    batch->row_count);
		}
	}
}

static int store(struct writer *writer, const struct delivery *delivery)
{
	int replaces = delivery->drop_slice && delivery->drop_slice == writer->open_slice;
	uint64_t rows[STREAM_COUNT], provisional[STREAM_COUNT], replaced[STREAM_COUNT] = {0};
	int error = append(writer, delivery);

	if (error)
		return error;
	count_rows(delivery, rows, provisional);
	if (replaces)
		memcpy(replaced, writer->open_rows, sizeof(replaced));
	account_stored(writer, rows, replaced, 1);
	error = conclude(writer, delivery->covered_ns);
	if (error) {
		account_stored(writer, rows, replaced, -1);
		return error;
	}
	if (replaces || delivery->slice != writer->open_slice)
		memset(writer->open_rows, 0, sizeof(writer->open_rows));
	writer->open_slice = delivery->slice;
	pthread_mutex_lock(&writer->mutex);
	for (int i = 0; i < STREAM_COUNT; i++) {
		writer->open_rows[i] += provisional[i];
		writer->status.rows[i] += rows[i] - replaced[i];
	}
	pthread_mutex_unlock(&writer->mutex);
	return 0;
}

static void look_at_limits(struct writer *writer, uint64_t covered_ns)
{
	uint64_t size_bytes = segment_size_bytes(writer->segment);

	if (!writer->first_covered_ns)
		writer->first_covered_ns = covered_ns;
	if (size_bytes >= writer->segment_bytes ||
	    (covered_ns > writer->first_covered_ns &&
	     covered_ns - writer->first_covered_ns >= writer->segment_ns))
		writer->wants_new = 1;
	show_size(writer, size_bytes);
	pthread_mutex_lock(&writer->mutex);
	writer->status.error = 0;
	pthread_mutex_unlock(&writer->mutex);
}

static void take(struct writer *writer, const struct delivery *delivery)
{
	int error = 0;

	if (writer->segment && writer->wants_new && !writer->slice_is_open)
		end_segment(writer);
	if (!writer->segment)
		error = begin_segment(writer);
	if (!error)
		error = store(writer, delivery);
	if (!error) {
		look_at_limits(writer, delivery->covered_ns);
	} else {
		account_failed(writer, delivery, error);
		/* What is too much for the disk may leave room for the account of it. */
		if (writer->segment)
			store_accounts(writer);
	}
	writer->slice_is_open = delivery->slice != 0;
}

/* The last accounts, in a new segment when there is none just now. */
static int conclude_recording(struct writer *writer)
{
	int error = writer->segment ? 0 : begin_segment(writer);

	return error ? error : store_accounts(writer);
}

static void *work(void *argument)
{
	struct writer *writer = argument;
	struct delivery *delivery;

	atomic_store(&writer->thread_id, gettid());
	while ((delivery = queue_pop(writer->queue))) {
		if (writer->gentle)
			thread_give_way(0, queue_rows(writer->queue) == delivery->row_count
						   ? GIVES_WAY
						   : GIVES_NOTHING);
		take(writer, delivery);
		queue_done(writer->queue, delivery->row_count);
		delivery_free(delivery);
	}
	thread_give_way(0, GIVES_NOTHING);
	if (conclude_recording(writer) == -ENOSPC && writer->reserve >= 0) {
		close(writer->reserve);
		writer->reserve = -1;
		conclude_recording(writer);
	}
	if (writer->segment)
		end_segment(writer);
	return NULL;
}

static void dispose(struct writer *writer)
{
	if (writer->sealer)
		sealer_close(writer->sealer, NULL, NULL, NULL);
	segment_close(writer->segment);
	if (writer->reserve >= 0)
		close(writer->reserve);
	directory_free(writer->directory);
	queue_free(writer->queue);
	pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

/* With what earlier recorders left unsealed: before anything of ours. */
static int start_sealer(struct writer *writer, int gentle)
{
	size_t count;
	const uint32_t *unsealed = directory_unsealed(writer->directory, &count);
	int error = sealer_open(writer->directory, gentle, &writer->sealer);

	for (size_t i = 0; i < count && !error; i++)
		error = sealer_add(writer->sealer, unsealed[i], 0);
	return error;
}

int writer_open(const struct writer_options *options, struct writer **out, char **problem)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	char words[256] = "no memory for the writer";
	int error = -ENOMEM;

	if (!writer)
		goto fail;
	pthread_mutex_init(&writer->mutex, NULL);
	writer->reserve = -1;
	writer->inventory = options->inventory;
	writer->ledger = options->ledger;
	writer->segment_bytes =
		options->segment_bytes ? options->segment_bytes : DEFAULT_SEGMENT_BYTES;
	writer->segment_ns = options->segment_ns ? options->segment_ns : DEFAULT_SEGMENT_NS;
	writer->gentle = options->gentle;
	writer->is_enough = options->is_enough;
	writer->is_enough_context = options->is_enough_context;
	writer->queue = queue_new(QUEUE_DELIVERIES, QUEUE_ROWS);
	if (!writer->queue)
		goto fail;
	error = directory_open(options->directory, options->append, &writer->directory, words,
			       sizeof(words));
	if (!error && (error = begin_segment(writer)))
		memcpy(words, writer->status.problem, sizeof(words));
	if (!error)
		writer->reserve = directory_reserve(writer->directory, RESERVE_BYTES);
	if (!error && (error = start_sealer(writer, options->gentle)))
		snprintf(words, sizeof(words), "cannot start the sealer: %s", strerror(-error));
	if (!error && (error = thread_start(&writer->thread, "writer", work, writer)))
		snprintf(words, sizeof(words), "cannot start the writer: %s", strerror(-error));
	if (error)
		goto fail;
	*out = writer;
	return 0;
fail:
	*problem = strdup(words);
	if (writer)
		dispose(writer);
	return error;
}

void writer_hurry(struct writer *writer)
{
	int thread = atomic_load(&writer->thread_id);

	if (writer->gentle && thread)
		thread_give_way(thread, GIVES_NOTHING);
}

/* A writer that is not done with what it had when more comes is late. */
int writer_deliver(struct writer *writer, struct delivery *delivery, int wait)
{
	if (queue_rows(writer->queue) || wait)
		writer_hurry(writer);
	return queue_push(writer->queue, delivery, wait);
}

int writer_has_room(struct writer *writer, uint64_t rows)
{
	return queue_has_room(writer->queue, rows);
}

void writer_status(struct writer *writer, struct writer_status *status)
{
	pthread_mutex_lock(&writer->mutex);
	*status = writer->status;
	pthread_mutex_unlock(&writer->mutex);
	sealer_status(writer->sealer, &status->seal);
	status->written_bytes += status->seal.size_bytes;
	status->queued_rows = queue_rows(writer->queue);
}

int writer_close(struct writer *writer, struct writer_status *status)
{
	struct sealer_status seal;
	int error;

	queue_close(writer->queue);
	pthread_join(writer->thread, NULL);
	if (writer->reserve >= 0)
		close(writer->reserve);
	writer->reserve = -1;
	*status = writer->status;
	sealer_close(writer->sealer, writer->is_enough, writer->is_enough_context, &seal);
	writer->sealer = NULL;
	status->seal = seal;
	status->written_bytes += seal.size_bytes;
	error = writer->first_error;
	dispose(writer);
	return error;
}
