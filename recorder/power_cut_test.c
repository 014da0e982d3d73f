/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills the writer at random moments, hundreds of times, and looks at what is left: every row
 * that was committed, once; of the rest whole deliveries or nothing; every sealed segment as it
 * was before.
 *
 * A child writes deliveries and says in shared memory which it has handed over and which it
 * knows to be committed. Its parent watches the directory and kills it, every other time while
 * a segment is being sealed. Row i of delivery d has the id d * ROWS_MOST + i, and a content
 * that follows from it. FLOWTAPE_SEED repeats a run's moments and rows as far as the machine
 * allows.
 */
#include "recorder/writer.h"
#include "schema/scratch_test.h"
#include "schema/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __SANITIZE_ADDRESS__
#define KILLS 60
#else
#define KILLS 320
#endif
#define KILLS_A_DIRECTORY 16
#define DELIVERIES_MOST	  8192U /* in one directory */
#define SEGMENTS_MOST	  2048U
#define ROWS_MOST	  256U
#define SLICE_DELIVERIES  4U /* three of an open slice, then the one that replaces them */
#define SEGMENT_BYTES	  (128U << 10)
#define SECOND		  1000000000ULL
#define WAIT_NS		  (10 * SECOND) /* for something to happen */

static const struct {
	enum stream_id stream;
	const char *id, *content;
} streams[] = {
	{STREAM_FLOW, "flow_id", "source_bytes"},
	{STREAM_HOP, "flow_id", "source_bytes"},
	{STREAM_PROCESS, "process_entity_id", "process_start_ns"},
};

enum { FLOW, HOP, PROCESS, STREAMS };

struct shared {
	atomic_uint handed;    /* the number of the last delivery that may be on disk */
	atomic_uint committed; /* and of the last one that must be */
};

struct bits {
	uint64_t words[ROWS_MOST / 64];
};

/* What one child wrote: deliveries first to last, of which the last may be in an open slice. */
struct run {
	uint32_t first, last;
};

struct site {
	char *directory;
	struct run runs[KILLS_A_DIRECTORY + 1];
	unsigned int run_count;
	struct bits seen[STREAMS][DELIVERIES_MOST];
	uint64_t covered_ns;
	/* By number: the digest of all bytes of a sealed segment; 0: not seen yet. */
	uint64_t sealed[SEGMENTS_MOST];
	uint8_t verified[SEGMENTS_MOST];
};

struct totals {
	unsigned int kills, while_sealing, sealed, deliveries;
};

static uint64_t seed;

static uint64_t mix(uint64_t value)
{
	return XXH3_64bits_withSeed(&value, sizeof(value), seed) >> 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* --- what is written --- */

static uint32_t row_count(int stream, uint32_t number)
{
	return stream == PROCESS ? 3 : 1 + mix(number * 2 + (uint32_t)stream) % (ROWS_MOST - 1);
}

static void add_rows(struct delivery *delivery, int stream, uint32_t number)
{
	uint32_t count = row_count(stream, number);

	for (uint32_t i = 0; i < count; i++) {
		uint64_t id = (uint64_t)number * ROWS_MOST + i, time_ns = number * SECOND + i;
		struct flow_row flow = {.flow_id = id,
					.start_ns = time_ns,
					.end_ns = time_ns,
					.source_bytes = mix(id)};
		struct hop_row hop = {.flow_id = id,
				      .start_ns = time_ns,
				      .end_ns = time_ns,
				      .source_bytes = mix(id)};
		struct process_row process = {.time_ns = time_ns,
					      .process_entity_id = id,
					      .process_start_ns = mix(id)};
		const void *rows[STREAMS] = {&flow, &hop, &process};
		int (*add)(struct delivery *, enum stream_id, const void *) =
			stream != PROCESS && delivery->slice ? delivery_row_so_far
							     : delivery_row;

		if (add(delivery, streams[stream].stream, rows[stream]))
			_exit(10);
	}
}

/* Delivery number of a run that began with first. */
static struct delivery *make_delivery(uint32_t first, uint32_t number)
{
	struct delivery *delivery = delivery_new();
	uint32_t step = (number - first) % SLICE_DELIVERIES;
	uint64_t slice = 1 + (number - first) / SLICE_DELIVERIES;

	if (!delivery)
		_exit(11);
	if (step + 1 < SLICE_DELIVERIES)
		delivery->slice = slice;
	else
		delivery->drop_slice = slice;
	for (int stream = 0; stream < STREAMS; stream++)
		add_rows(delivery, stream, number);
	delivery->covered_ns = number * SECOND;
	return delivery;
}

static void open_writer(const char *directory, struct writer_options *options,
			struct writer **writer)
{
	char *problem = NULL;

	*options = (struct writer_options){.directory = directory,
					   .append = 1,
					   .segment_bytes = SEGMENT_BYTES,
					   .gentle = 1,
					   .inventory = inventory_new(0, "test"),
					   .ledger = ledger_new()};
	if (!options->inventory || !options->ledger || writer_open(options, writer, &problem)) {
		fprintf(stderr, "%s\n", problem ? problem : "no memory");
		_exit(12);
	}
}

/* The child: writes until it is killed. */
static void write_on(const char *directory, struct shared *shared, uint32_t first)
{
	struct writer_options options;
	struct writer_status status;
	struct writer *writer;

	open_writer(directory, &options, &writer);
	for (uint32_t number = first; number < DELIVERIES_MOST; number++) {
		atomic_store(&shared->handed, number);
		if (writer_deliver(writer, make_delivery(first, number), 1))
			_exit(13);
		do {
			writer_status(writer, &status);
			if (status.error) {
				fprintf(stderr, "%s\n", status.problem);
				_exit(14);
			}
			if (!status.queued_rows)
				atomic_store(&shared->committed, number);
			else
				usleep(100);
			/* One in four is followed at once, the queue is not always empty. */
		} while (status.queued_rows && mix(number) % 4);
	}
	_exit(15);
}

/* --- the directory --- */

enum kind { OTHER, SEALED, LIVE, SEALING };

static enum kind kind_of(const char *name, unsigned int *sequence)
{
	char *end;

	*sequence = (unsigned int)strtoul(name, &end, 10);
	if (end == name)
		return OTHER;
	assert_true(*sequence < SEGMENTS_MOST);
	return !strcmp(end, ".segment")		  ? SEALED
	       : !strcmp(end, ".live.segment")	  ? LIVE
	       : !strcmp(end, ".segment.sealing") ? SEALING
						  : OTHER;
}

static void file_path(const struct site *site, unsigned int sequence, const char *ending,
		      char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%06u%s", site->directory, sequence, ending);
}

static uint64_t digest_file(const struct site *site, unsigned int sequence)
{
	char path[PATH_MAX];
	struct stat status;
	uint64_t digest;
	void *bytes;
	int file;

	file_path(site, sequence, ".segment", path);
	file = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(fstat(file, &status), 0);
	assert_true(status.st_size > 0);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	assert_true(bytes != MAP_FAILED);
	digest = XXH3_64bits(bytes, (size_t)status.st_size) | 1;
	munmap(bytes, (size_t)status.st_size);
	close(file);
	return digest;
}

/* Note every sealed segment, for good. Returns whether one is just being sealed. */
static int look_around(struct site *site)
{
	DIR *listing = opendir(site->directory);
	struct dirent *entry;
	unsigned int sequence;
	int is_sealing = 0;

	assert_non_null(listing);
	while ((entry = readdir(listing))) {
		enum kind kind = kind_of(entry->d_name, &sequence);

		is_sealing |= kind == SEALING;
		if (kind == SEALED && !site->sealed[sequence])
			site->sealed[sequence] = digest_file(site, sequence);
	}
	closedir(listing);
	return is_sealing;
}

static int report_damage(void *context, const struct damage *damage)
{
	fail_msg("%s: %s", (const char *)context, damage->what);
	return 0;
}

static struct verify_summary verify(const struct site *site, unsigned int sequence)
{
	struct verify_summary summary;
	char path[PATH_MAX], *problem = NULL;

	file_path(site, sequence, ".segment", path);
	if (segment_verify(path, report_damage, path, &summary, &problem))
		fail_msg("%s", problem);
	assert_true(summary.is_sealed);
	return summary;
}

static void check_sealed(struct site *site)
{
	look_around(site);
	for (unsigned int i = 1; i < SEGMENTS_MOST; i++) {
		if (!site->sealed[i])
			continue;
		if (digest_file(site, i) != site->sealed[i])
			fail_msg("%s/%06u.segment has changed", site->directory, i);
		if (!site->verified[i])
			verify(site, i);
		site->verified[i] = 1;
	}
}

/* --- what can be read --- */

static void see_row(struct site *site, int stream, uint64_t id, uint64_t content)
{
	uint32_t number = (uint32_t)(id / ROWS_MOST), i = id % ROWS_MOST;
	uint64_t *word, bit = 1ULL << i % 64;

	if (!number || number >= DELIVERIES_MOST || content != mix(id))
		fail_msg("%s: a row that nobody wrote", streams[stream].id);
	word = &site->seen[stream][number].words[i / 64];
	if (*word & bit)
		fail_msg("row %u of delivery %u is there twice", i, number);
	*word |= bit;
}

static void read_stream(struct site *site, struct segment_reader *segment, int stream)
{
	static uint64_t ids[BATCH_ROWS], contents[BATCH_ROWS];
	const struct stream *description = stream_get(streams[stream].stream);
	int id = stream_column(description, streams[stream].id);
	int content = stream_column(description, streams[stream].content);
	struct chunk *chunks = NULL;
	size_t count = 0;

	assert_int_equal(
		segment_chunks(segment, streams[stream].stream, NULL, 0, &chunks, &count), 0);
	for (size_t i = 0; i < count; i++) {
		if (segment_column(segment, streams[stream].stream, &chunks[i],
				   (unsigned int)id, ids) ||
		    segment_column(segment, streams[stream].stream, &chunks[i],
				   (unsigned int)content, contents))
			fail_msg("%s", segment_problem(segment));
		for (uint32_t row = 0; row < chunks[i].row_count; row++)
			see_row(site, stream, ids[row], contents[row]);
	}
	free(chunks);
}

/* The sealed file wins. A live one that was only just begun may not be one yet. */
static void read_segment(struct site *site, unsigned int sequence)
{
	struct segment_reader *segment;
	char path[PATH_MAX], *problem = NULL;
	int is_live;

	file_path(site, sequence, ".segment", path);
	is_live = access(path, F_OK) != 0;
	if (is_live)
		file_path(site, sequence, ".live.segment", path);
	if (is_live && access(path, F_OK))
		return;
	if (segment_open(path, &segment, &problem)) {
		if (!is_live)
			fail_msg("%s", problem);
		free(problem);
		return;
	}
	for (int stream = 0; stream < STREAMS; stream++)
		read_stream(site, segment, stream);
	if (segment_covered_ns(segment) > site->covered_ns &&
	    segment_covered_ns(segment) < DELIVERIES_MOST * SECOND)
		site->covered_ns = segment_covered_ns(segment);
	segment_reader_close(segment);
}

static void read_all(struct site *site)
{
	memset(site->seen, 0, sizeof(site->seen));
	site->covered_ns = 0;
	for (unsigned int i = 1; i < SEGMENTS_MOST; i++)
		read_segment(site, i);
}

/* The newest delivery of which something can be read: each has processes. */
static uint32_t newest_delivery(const struct site *site)
{
	uint32_t number = DELIVERIES_MOST - 1;

	while (number && !site->seen[PROCESS][number].words[0])
		number--;
	return number;
}

/* Rows of an open slice are there until its last delivery replaces them. */
static int is_replaced(const struct run *run, uint32_t number)
{
	uint32_t offset = number - run->first;
	uint32_t last = run->first + offset / SLICE_DELIVERIES * SLICE_DELIVERIES +
			SLICE_DELIVERIES - 1;

	return number != last && last <= run->last;
}

static void check_rows(const struct site *site)
{
	const struct run *run = site->runs;

	for (uint32_t number = 1; number < DELIVERIES_MOST; number++) {
		while (run < site->runs + site->run_count && number > run->last)
			run++;
		for (int stream = 0; stream < STREAMS; stream++) {
			struct bits expected = {{0}};
			uint32_t count = row_count(stream, number);

			if (run == site->runs + site->run_count ||
			    (stream != PROCESS && is_replaced(run, number)))
				count = 0;
			for (uint32_t i = 0; i < count; i++)
				expected.words[i / 64] |= 1ULL << i % 64;
			if (memcmp(&expected, &site->seen[stream][number], sizeof(expected)))
				fail_msg("%s: delivery %u is not there as it was written, run "
					 "from %u to %u",
					 stream_get(streams[stream].stream)->name, number,
					 run->first, run->last);
		}
	}
}

/* --- one child --- */

static void look_on(struct site *site, pid_t child)
{
	if (waitpid(child, NULL, WNOHANG))
		fail_msg("the writer ended by itself");
	look_around(site);
	usleep(200);
}

/*
 * Until the moment has come: once in four at any time from the start, else some deliveries
 * later; every other time while a segment is being sealed.
 */
static void await_moment(struct site *site, const struct shared *shared, uint32_t first,
			 pid_t child, uint64_t random)
{
	uint32_t least = random % 4 ? first + random / 8 % 8 : 0;
	uint64_t begin_ns = now_ns(), end_ns = begin_ns + WAIT_NS;
	uint64_t moment_ns = random / 128 % (random % 4 ? 5000000 : 100000000);

	while (atomic_load(&shared->committed) < least && now_ns() < end_ns)
		look_on(site, child);
	if (random / 4 % 2) {
		while (!look_around(site) && now_ns() < end_ns)
			look_on(site, child);
		moment_ns = random % 3 ? random / 128 % 2000000 : 0;
	}
	begin_ns = now_ns();
	while (now_ns() < begin_ns + moment_ns)
		look_on(site, child);
}

static void kill_one(struct site *site, struct shared *shared, uint64_t random,
		     struct totals *totals)
{
	uint32_t first = site->run_count ? site->runs[site->run_count - 1].last + 1 : 1;
	struct run *run = &site->runs[site->run_count++];
	pid_t child;
	int status;

	atomic_store(&shared->handed, first - 1);
	atomic_store(&shared->committed, first - 1);
	child = fork();
	if (!child)
		write_on(site->directory, shared, first);
	assert_true(child > 0);
	await_moment(site, shared, first, child, random);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		fail_msg("the writer ended by itself, exit status %d", WEXITSTATUS(status));

	totals->kills++;
	totals->while_sealing += (unsigned int)look_around(site);
	check_sealed(site);
	read_all(site);
	run->first = first;
	run->last = newest_delivery(site);
	if (run->last < first)
		run->last = first - 1;
	if (run->last < atomic_load(&shared->committed) ||
	    run->last > atomic_load(&shared->handed))
		fail_msg("delivery %u is the last that is there; %u was committed, %u handed "
			 "over",
			 run->last, atomic_load(&shared->committed),
			 atomic_load(&shared->handed));
	assert_true(site->covered_ns == run->last * SECOND);
	check_rows(site);
	totals->deliveries += run->last - (first - 1);
}

/* --- after them --- */

/* Which of two names there is; a live segment beside its sealed one would be a leftover. */
static void assert_no_leftovers(const struct site *site)
{
	DIR *listing = opendir(site->directory);
	struct dirent *entry;
	unsigned int sequence;

	assert_non_null(listing);
	while ((entry = readdir(listing))) {
		enum kind kind = kind_of(entry->d_name, &sequence);

		if (kind == SEALING || (kind == LIVE && site->sealed[sequence]))
			fail_msg("%s is left over", entry->d_name);
	}
	closedir(listing);
}

/* Whatever was finished is sealed, and each names the one before it. */
static void check_chain(const struct site *site, struct totals *totals)
{
	char before[SEAL_DIGEST_SIZE] = "", path[PATH_MAX], *problem = NULL;

	for (unsigned int i = 1; i < SEGMENTS_MOST; i++) {
		struct segment_reader *segment;

		file_path(site, i, ".live.segment", path);
		if (site->sealed[i]) {
			struct verify_summary summary = verify(site, i);

			assert_string_equal(summary.previous_sha256, before);
			memcpy(before, summary.sha256, sizeof(before));
			totals->sealed++;
		} else if (!segment_open(path, &segment, &problem)) {
			assert_false(segment_is_finished(segment));
			segment_reader_close(segment);
		} else {
			free(problem);
			problem = NULL;
		}
	}
}

/* Another recorder goes on in the directory, and ends as it should. */
static void conclude(struct site *site, struct totals *totals)
{
	struct run *run = &site->runs[site->run_count];
	struct writer_options options;
	struct writer_status status;
	struct writer *writer;

	run->first = run[-1].last + 1;
	run->last = run->first + SLICE_DELIVERIES - 1;
	site->run_count++;
	open_writer(site->directory, &options, &writer);
	for (uint32_t number = run->first; number <= run->last; number++)
		assert_int_equal(writer_deliver(writer, make_delivery(run->first, number), 1),
				 0);
	assert_int_equal(writer_close(writer, &status), 0);
	assert_int_equal(status.seal.left, 0);
	ledger_free(options.ledger);
	inventory_free(options.inventory);
	check_sealed(site);
	assert_no_leftovers(site);
	check_chain(site, totals);
	read_all(site);
	check_rows(site);
}

static void what_was_committed_survives_a_kill_at_any_moment(void **state)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct site *site = calloc(1, sizeof(*site));
	const char *text = getenv("FLOWTAPE_SEED");
	struct totals totals = {0};

	assert_true(shared != MAP_FAILED);
	assert_non_null(site);
	seed = text ? strtoull(text, NULL, 0) : now_ns();
	print_message("FLOWTAPE_SEED=%llu\n", (unsigned long long)seed);
	while (totals.kills < KILLS) {
		memset(site, 0, sizeof(*site));
		site->directory = scratch_make();
		for (int i = 0; i < KILLS_A_DIRECTORY && totals.kills < KILLS; i++)
			kill_one(site, shared, mix(~(uint64_t)totals.kills), &totals);
		conclude(site, &totals);
		scratch_remove(site->directory);
	}
	print_message("%u kills, %u of them while a segment was being sealed; %u deliveries, "
		      "%u sealed segments\n",
		      totals.kills, totals.while_sealing, totals.deliveries, totals.sealed);
	assert_true(totals.while_sealing >= KILLS / 5);
	free(site);
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_committed_survives_a_kill_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
