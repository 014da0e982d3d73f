/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sealer thread.
 *
 * While the recording goes on, a segment is sealed only where the disk has room to spare, so
 * that sealing never takes the space that the next rows need.
 *
 * Gentle means nice 19, which the disk's scheduler follows. Not SCHED_IDLE: on a busy machine
 * such a thread may stand still for seconds, with a lock of the allocator's or SQLite's for
 * which the writer would wait.
 */
#include "recorder/sealer.h"
#include "recorder/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define GLANCE_NS 100000000L /* between two calls of is_enough */

struct item {
	uint32_t sequence;
	uint64_t size_bytes; /* 0: not counted */
};

struct sealer {
	const struct directory *directory;
	int gentle;
	pthread_t thread;

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	pid_t thread_id;
	struct item *waiting;
	size_t waiting_count;
	uint32_t hopeless; /* segments that will never be sealed */
	int is_news;	   /* something to try since the thread looked */
	int ending;
	int left_alone;		     /* nobody waits for the thread: it frees what is here */
	char at_hand[PATH_MAX + 16]; /* the file that is being made, or "" */
	int ended;
	struct sealer_status status;

	/* Of the thread alone. */
	char previous[SEAL_DIGEST_SIZE]; /* "": none */
};

static void dispose(struct sealer *sealer)
{
	pthread_mutex_destroy(&sealer->mutex);
	pthread_cond_destroy(&sealer->changed);
	free(sealer->waiting);
	free(sealer);
}

static uint64_t file_size(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

/* Whether the disk has room for the sealed segment and as much again. */
static int find_room(const char *path, char **problem)
{
	struct statvfs disk;
	uint64_t free_bytes, size_bytes = file_size(path);

	if (statvfs(path, &disk))
		return 0;
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (free_bytes / 2 >= size_bytes)
		return 0;
	if (asprintf(
		    problem,
		    "%s: not sealed while the disk is nearly full: %llu kB are free, twice its "
		    "size is wanted",
		    path, (unsigned long long)(free_bytes / 1000)) < 0)
		*problem = NULL;
	return -ENOSPC;
}

static int seal(struct sealer *sealer, const char *live_path, const char *sealed_path,
		int wants_room, char **problem)
{
	char digest[SEAL_DIGEST_SIZE];
	int error = wants_room ? find_room(live_path, problem) : 0;

	if (!error)
		error = segment_seal(live_path, sealed_path,
				     *sealer->previous ? sealer->previous : NULL, digest,
				     problem);
	if (!error)
		memcpy(sealer->previous, digest, sizeof(digest));
	return error;
}

static void note(struct sealer *sealer, int error, const char *path, const char *problem)
{
	struct sealer_status *status = &sealer->status;

	status->error = error;
	if (!error)
		return;
	if (problem)
		snprintf(status->problem, sizeof(status->problem), "%s", problem);
	else
		snprintf(status->problem, sizeof(status->problem), "%.400s: %s", path,
			 strerror(-error));
}

static void remove_first(struct sealer *sealer)
{
	sealer->waiting_count--;
	memmove(sealer->waiting, sealer->waiting + 1,
		sealer->waiting_count * sizeof(*sealer->waiting));
}

/* It is damaged, or sealed already by somebody else: trying again will not help. */
static int is_hopeless(int error)
{
	return error == -EBADMSG || error == -EEXIST;
}

/*
 * Try the first one that waits; called and left with the lock, which is not held meanwhile:
 * then the directory may be gone, where nobody waits for the thread. Returns whether it is
 * worth while to go on to the next.
 */
static int try_first(struct sealer *sealer)
{
	char live_path[PATH_MAX], sealed_path[PATH_MAX], *problem = NULL;
	struct item item = sealer->waiting[0];
	int error, wants_room = !sealer->ending;

	directory_live_path(sealer->directory, item.sequence, live_path);
	directory_sealed_path(sealer->directory, item.sequence, sealed_path);
	snprintf(sealer->at_hand, sizeof(sealer->at_hand), "%s" SEGMENT_SEALING_SUFFIX,
		 sealed_path);
	pthread_mutex_unlock(&sealer->mutex);
	error = seal(sealer, live_path, sealed_path, wants_room, &problem);
	pthread_mutex_lock(&sealer->mutex);
	*sealer->at_hand = 0;
	note(sealer, error, live_path, problem);
	free(problem);
	if (!error) {
		if (item.size_bytes)
			sealer->status.size_bytes += file_size(sealed_path) - item.size_bytes;
		remove_first(sealer);
	} else if (is_hopeless(error)) {
		sealer->hopeless++;
		remove_first(sealer);
	}
	return !error || is_hopeless(error);
}

static void *work(void *argument)
{
	struct sealer *sealer = argument;
	int ending, left_alone;

	pthread_mutex_lock(&sealer->mutex);
	sealer->thread_id = gettid();
	if (sealer->gentle && !sealer->ending)
		thread_give_way(sealer->thread_id, GIVES_MOST);
	do {
		while (!sealer->is_news && !sealer->ending)
			pthread_cond_wait(&sealer->changed, &sealer->mutex);
		sealer->is_news = 0;
		ending = sealer->ending;
		while (sealer->waiting_count && !sealer->left_alone)
			if (!try_first(sealer))
				break;
	} while (!ending);
	sealer->ended = 1;
	left_alone = sealer->left_alone;
	pthread_cond_broadcast(&sealer->changed);
	pthread_mutex_unlock(&sealer->mutex);
	if (left_alone)
		dispose(sealer);
	return NULL;
}

int sealer_open(const struct directory *directory, int gentle, struct sealer **out)
{
	struct sealer *sealer = calloc(1, sizeof(*sealer));
	const char *digest = directory_newest_digest(directory);
	pthread_condattr_t attributes;
	int error;

	if (!sealer)
		return -ENOMEM;
	pthread_mutex_init(&sealer->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sealer->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	sealer->directory = directory;
	sealer->gentle = gentle;
	if (digest)
		memcpy(sealer->previous, digest, sizeof(sealer->previous));
	error = thread_start(&sealer->thread, "sealer", work, sealer);
	if (error) {
		dispose(sealer);
		return error;
	}
	*out = sealer;
	return 0;
}

int sealer_add(struct sealer *sealer, uint32_t sequence, uint64_t size_bytes)
{
	struct item *grown;
	int error = 0;

	pthread_mutex_lock(&sealer->mutex);
	sealer->status.size_bytes += size_bytes;
	grown = realloc(sealer->waiting, (sealer->waiting_count + 1) * sizeof(*grown));
	if (grown) {
		sealer->waiting = grown;
		grown[sealer->waiting_count++] = (struct item){sequence, size_bytes};
		sealer->is_news = 1;
		pthread_cond_broadcast(&sealer->changed);
	} else {
		error = -ENOMEM;
		sealer->hopeless++;
		note(sealer, error, "a segment", NULL);
	}
	pthread_mutex_unlock(&sealer->mutex);
	return error;
}

/* With the lock. */
static void tell(const struct sealer *sealer, struct sealer_status *status)
{
	*status = sealer->status;
	status->left = (uint32_t)sealer->waiting_count + sealer->hopeless;
}

void sealer_status(struct sealer *sealer, struct sealer_status *status)
{
	pthread_mutex_lock(&sealer->mutex);
	tell(sealer, status);
	pthread_mutex_unlock(&sealer->mutex);
}

static void wait_a_little(struct sealer *sealer)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GLANCE_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&sealer->changed, &sealer->mutex, &until);
}

void sealer_close(struct sealer *sealer, int (*is_enough)(void *context, uint32_t left),
		  void *context, struct sealer_status *status)
{
	struct sealer_status told;
	int enough = 0;

	pthread_mutex_lock(&sealer->mutex);
	sealer->ending = 1;
	pthread_cond_broadcast(&sealer->changed);
	/* Nobody is recording any more, somebody waits: where we may, go on at full speed. */
	if (sealer->gentle && sealer->thread_id)
		thread_give_way(sealer->thread_id, GIVES_NOTHING);
	while (!sealer->ended && !enough) {
		tell(sealer, &told);
		pthread_mutex_unlock(&sealer->mutex);
		enough = is_enough && is_enough(context, told.left);
		pthread_mutex_lock(&sealer->mutex);
		if (!sealer->ended && !enough)
			wait_a_little(sealer);
	}
	tell(sealer, &told);
	told.was_stopped = !sealer->ended;
	sealer->left_alone = told.was_stopped;
	if (told.was_stopped) {
		pthread_detach(sealer->thread);
		/* Without its file the thread cannot come to an end, and nothing is left
		 * behind. */
		if (*sealer->at_hand)
			unlink(sealer->at_hand);
	}
	pthread_mutex_unlock(&sealer->mutex);
	if (!told.was_stopped) {
		pthread_join(sealer->thread, NULL);
		dispose(sealer);
	}
	if (status)
		*status = told;
}
