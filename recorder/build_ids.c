/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build ids of executables.
 *
 * One thread reads; when a file hangs (a network that is gone, a file system in user space that
 * does not answer), the next one that is asked for gets another thread, up to a few. The
 * threads are detached, and the last one to leave frees what all of them share.
 */
#include "recorder/build_ids.h"
#include "recorder/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#define BUCKETS	      4096U
#define KNOWN_MOST    32768U /* then all are forgotten: those in use are read again */
#define QUEUE_MOST    256U
#define THREADS_MOST  4
#define HANGS_NS      100000000ULL  /* a file that takes longer is not waited for */
#define ABANDONED_NS  1000000000ULL /* and after that another thread begins */
#define LEAVE_TIME_NS 1000000000ULL

enum state {
	QUEUED,
	KNOWN,
};

struct entry {
	struct entry *next; /* in its bucket */
	struct file_identity identity;
	enum state state;
	char *id; /* NULL: it has none */
};

struct request {
	struct request *next;
	struct executable executable;
};

struct build_ids {
	int (*read)(const struct executable *executable, char id[BUILD_ID_SIZE]);
	pthread_mutex_t mutex;
	pthread_cond_t work, done;
	int is_stopped, users; /* threads, and the owner */
	int threads;
	uint64_t busy_since_ns[THREADS_MOST]; /* 0: idle, or no such thread */
	struct request *first, **last;
	uint32_t queued, pending; /* pending: and those being read */
	struct entry *buckets[BUCKETS];
	uint32_t known;
	struct build_id_counts counts;
};

struct seat {
	struct build_ids *build_ids;
	int number;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct timespec in(uint64_t ns)
{
	ns += now_ns();
	return (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
}

int build_ids_read(const struct executable *executable, char id[BUILD_ID_SIZE])
{
	int file = executable_open(executable), error;

	if (file < 0)
		return -ENOANO;
	error = build_id_read(file, id);
	close(file);
	return error;
}

struct build_ids *build_ids_new(int (*read)(const struct executable *executable,
					    char id[BUILD_ID_SIZE]))
{
	struct build_ids *build_ids = calloc(1, sizeof(*build_ids));
	pthread_condattr_t monotonic;

	if (!build_ids)
		return NULL;
	build_ids->read = read ? read : build_ids_read;
	build_ids->users = 1;
	build_ids->last = &build_ids->first;
	pthread_mutex_init(&build_ids->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&build_ids->work, NULL);
	pthread_cond_init(&build_ids->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return build_ids;
}

/* --- entries --- */

static struct entry **find_place(struct build_ids *build_ids,
				 const struct file_identity *identity)
{
	struct entry **place =
		&build_ids->buckets[XXH3_64bits(identity, sizeof(*identity)) % BUCKETS];

	while (*place && memcmp(&(*place)->identity, identity, sizeof(*identity)))
		place = &(*place)->next;
	return place;
}

static void remove_entry(struct entry **place)
{
	struct entry *entry = *place;

	*place = entry->next;
	free(entry->id);
	free(entry);
}

static void forget_known(struct build_ids *build_ids)
{
	for (uint32_t i = 0; i < BUCKETS; i++) {
		for (struct entry **place = &build_ids->buckets[i]; *place;) {
			if ((*place)->state == KNOWN)
				remove_entry(place);
			else
				place = &(*place)->next;
		}
	}
	build_ids->known = 0;
}

static void take_result(struct build_ids *build_ids, const struct executable *executable,
			int error, const char *id)
{
	struct entry **place = find_place(build_ids, &executable->identity);
	struct entry *entry = *place;

	entry->state = KNOWN;
	entry->id = error ? NULL : strdup(id);
	if (entry->id) {
		build_ids->counts.found++;
	} else if (error == -ENOENT || error == -ENOEXEC) {
		build_ids->counts.none++;
	} else {
		build_ids->counts.unreadable++;
		remove_entry(place);
		return;
	}
	if (++build_ids->known > KNOWN_MOST)
		forget_known(build_ids);
}

/* --- threads --- */

static void destroy(struct build_ids *build_ids)
{
	struct request *request;

	while ((request = build_ids->first)) {
		build_ids->first = request->next;
		free(request);
	}
	for (uint32_t i = 0; i < BUCKETS; i++)
		while (build_ids->buckets[i])
			remove_entry(&build_ids->buckets[i]);
	pthread_cond_destroy(&build_ids->work);
	pthread_cond_destroy(&build_ids->done);
	pthread_mutex_destroy(&build_ids->mutex);
	free(build_ids);
}

/* With the mutex held, which is given back. */
static void leave(struct build_ids *build_ids)
{
	int is_last = !--build_ids->users;

	pthread_cond_broadcast(&build_ids->done);
	pthread_mutex_unlock(&build_ids->mutex);
	if (is_last)
		destroy(build_ids);
}

static struct request *next_request(struct build_ids *build_ids)
{
	struct request *request;

	while (!build_ids->is_stopped && !build_ids->first)
		pthread_cond_wait(&build_ids->work, &build_ids->mutex);
	if (build_ids->is_stopped)
		return NULL;
	request = build_ids->first;
	build_ids->first = request->next;
	if (!build_ids->first)
		build_ids->last = &build_ids->first;
	build_ids->queued--;
	return request;
}

static void *run(void *context)
{
	struct seat seat = *(struct seat *)context;
	struct build_ids *build_ids = seat.build_ids;
	struct request *request;

	free(context);
	pthread_mutex_lock(&build_ids->mutex);
	while ((request = next_request(build_ids))) {
		char id[BUILD_ID_SIZE];
		int error;

		build_ids->busy_since_ns[seat.number] = now_ns();
		pthread_mutex_unlock(&build_ids->mutex);
		error = build_ids->read(&request->executable, id);
		pthread_mutex_lock(&build_ids->mutex);
		build_ids->busy_since_ns[seat.number] = 0;
		take_result(build_ids, &request->executable, error, id);
		free(request);
		build_ids->pending--;
		pthread_cond_broadcast(&build_ids->done);
	}
	leave(build_ids);
	return NULL;
}

static void add_thread(struct build_ids *build_ids)
{
	struct seat *seat = malloc(sizeof(*seat));
	pthread_t thread;

	if (!seat)
		return;
	*seat = (struct seat){build_ids, build_ids->threads};
	if (thread_start(&thread, "build ids", run, seat)) {
		free(seat);
		return;
	}
	pthread_detach(thread);
	build_ids->threads++;
	build_ids->users++;
}

/* How many threads have been busy with one file for so long. */
static int count_hanging(const struct build_ids *build_ids, uint64_t ns)
{
	uint64_t now = now_ns();
	int count = 0;

	for (int i = 0; i < build_ids->threads; i++)
		count += build_ids->busy_since_ns[i] && now - build_ids->busy_since_ns[i] > ns;
	return count;
}

/* --- questions --- */

static int add_request(struct build_ids *build_ids, const struct executable *executable)
{
	struct request *request;
	struct entry *entry;

	if (build_ids->queued >= QUEUE_MOST)
		return -EAGAIN;
	request = calloc(1, sizeof(*request));
	entry = calloc(1, sizeof(*entry));
	if (!request || !entry) {
		free(request);
		free(entry);
		return -ENOMEM;
	}
	entry->identity = executable->identity;
	*find_place(build_ids, &executable->identity) = entry;
	request->executable = *executable;
	*build_ids->last = request;
	build_ids->last = &request->next;
	build_ids->queued++;
	build_ids->pending++;
	return 0;
}

void build_ids_ask(struct build_ids *build_ids, const struct executable *executable)
{
	pthread_mutex_lock(&build_ids->mutex);
	if (!*find_place(build_ids, &executable->identity)) {
		build_ids->counts.asked++;
		if (add_request(build_ids, executable))
			build_ids->counts.refused++;
		if (build_ids->threads < THREADS_MOST &&
		    count_hanging(build_ids, ABANDONED_NS) == build_ids->threads)
			add_thread(build_ids);
		pthread_cond_signal(&build_ids->work);
	}
	pthread_mutex_unlock(&build_ids->mutex);
}

int build_ids_get(struct build_ids *build_ids, const struct file_identity *identity,
		  char id[BUILD_ID_SIZE])
{
	const struct entry *entry;
	int result = 0;

	pthread_mutex_lock(&build_ids->mutex);
	entry = *find_place(build_ids, identity);
	if (entry && entry->state == QUEUED) {
		result = -EAGAIN;
	} else if (entry && entry->id) {
		strcpy(id, entry->id);
		result = 1;
	}
	pthread_mutex_unlock(&build_ids->mutex);
	return result;
}

/* Whether files are being read, or will be, that do not hang. */
static int is_moving(const struct build_ids *build_ids)
{
	int hanging = count_hanging(build_ids, HANGS_NS);

	return hanging < build_ids->threads && build_ids->pending > (uint32_t)hanging;
}

void build_ids_wait(struct build_ids *build_ids, uint64_t most_ns)
{
	struct timespec end = in(most_ns);
	int error = 0;

	pthread_mutex_lock(&build_ids->mutex);
	while (is_moving(build_ids) && !error)
		error = pthread_cond_timedwait(&build_ids->done, &build_ids->mutex, &end);
	pthread_mutex_unlock(&build_ids->mutex);
}

struct build_id_counts build_ids_counts(struct build_ids *build_ids)
{
	struct build_id_counts counts;

	pthread_mutex_lock(&build_ids->mutex);
	counts = build_ids->counts;
	pthread_mutex_unlock(&build_ids->mutex);
	return counts;
}

void build_ids_free(struct build_ids *build_ids)
{
	struct timespec end = in(LEAVE_TIME_NS);
	int error = 0;

	if (!build_ids)
		return;
	pthread_mutex_lock(&build_ids->mutex);
	build_ids->is_stopped = 1;
	pthread_cond_broadcast(&build_ids->work);
	while (build_ids->users > 1 && !error)
		error = pthread_cond_timedwait(&build_ids->done, &build_ids->mutex, &end);
	leave(build_ids);
}
