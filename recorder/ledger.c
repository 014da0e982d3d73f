/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of everything that could be lost.
 *
 * Each account is kept three times: as it is, as the last ledger_store wrote it, and as the
 * last commit made it lasting. A new segment takes over the difference between the first and
 * the last, so that nothing which another thread adds meanwhile falls between two segments.
 */
#include "recorder/ledger.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct amounts {
	uint64_t attempted, stored, excluded;
};

struct account {
	const char *stage, *stream;
	struct amounts now, written, committed;
};

struct toll {
	uint64_t count, first_ns, last_ns;
};

struct loss {
	const char *stage, *stream, *reason;
	int cpu;
	struct toll now, written, committed;
};

struct ledger {
	pthread_mutex_t mutex;
	struct account *accounts;
	size_t account_count;
	struct loss *losses;
	size_t loss_count;
	struct loss unaccounted; /* when memory is short */
	uint64_t lost;
};

struct ledger *ledger_new(void)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (!ledger)
		return NULL;
	pthread_mutex_init(&ledger->mutex, NULL);
	ledger->unaccounted = (struct loss){.stage = "ledger",
					    .stream = "any",
					    .reason = "no memory for an account",
					    .cpu = -1};
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	pthread_mutex_destroy(&ledger->mutex);
	free(ledger->accounts);
	free(ledger->losses);
	free(ledger);
}

static int same(const char *a, const char *b)
{
	return a == b || !strcmp(a, b);
}

/* One more zeroed element at the end of an array; NULL when memory is short. */
static void *grow(void **array, size_t *count, size_t size)
{
	char *grown = realloc(*array, (*count + 1) * size);

	if (!grown)
		return NULL;
	*array = grown;
	return memset(grown + (*count)++ * size, 0, size);
}

static struct account *find_account(struct ledger *ledger, const char *stage,
				    const char *stream)
{
	struct account *account;

	for (size_t i = 0; i < ledger->account_count; i++) {
		account = &ledger->accounts[i];
		if (same(account->stage, stage) && same(account->stream, stream))
			return account;
	}
	account = grow((void **)&ledger->accounts, &ledger->account_count, sizeof(*account));
	if (account) {
		account->stage = stage;
		account->stream = stream;
	}
	return account;
}

static struct loss *find_loss(struct ledger *ledger, const char *stage, const char *stream,
			      const char *reason, int cpu)
{
	struct loss *loss;

	for (size_t i = 0; i < ledger->loss_count; i++) {
		loss = &ledger->losses[i];
		if (loss->cpu == cpu && same(loss->reason, reason) &&
		    same(loss->stage, stage) && same(loss->stream, stream))
			return loss;
	}
	loss = grow((void **)&ledger->losses, &ledger->loss_count, sizeof(*loss));
	if (!loss)
		return &ledger->unaccounted;
	loss->stage = stage;
	loss->stream = stream;
	loss->reason = reason;
	loss->cpu = cpu;
	return loss;
}

static void add_toll(struct toll *toll, uint64_t first_ns, uint64_t last_ns, uint64_t count)
{
	if (!toll->count || first_ns < toll->first_ns)
		toll->first_ns = first_ns;
	if (!toll->count || last_ns > toll->last_ns)
		toll->last_ns = last_ns;
	toll->count += count;
}

void ledger_stage(struct ledger *ledger, const char *stage, const char *stream,
		  uint64_t attempted, uint64_t stored, uint64_t excluded)
{
	struct account *account;

	if (!attempted && !stored && !excluded)
		return;
	pthread_mutex_lock(&ledger->mutex);
	account = find_account(ledger, stage, stream);
	if (account) {
		account->now.attempted += attempted;
		account->now.stored += stored;
		account->now.excluded += excluded;
	} else {
		add_toll(&ledger->unaccounted.now, 0, 0, 1);
	}
	pthread_mutex_unlock(&ledger->mutex);
}

void ledger_loss(struct ledger *ledger, const char *stage, const char *stream,
		 const char *reason, int cpu, uint64_t first_ns, uint64_t last_ns,
		 uint64_t count)
{
	if (!count)
		return;
	pthread_mutex_lock(&ledger->mutex);
	add_toll(&find_loss(ledger, stage, stream, reason, cpu)->now, first_ns, last_ns, count);
	ledger->lost += count;
	pthread_mutex_unlock(&ledger->mutex);
}

uint64_t ledger_lost(struct ledger *ledger)
{
	uint64_t lost;

	pthread_mutex_lock(&ledger->mutex);
	lost = ledger->lost;
	pthread_mutex_unlock(&ledger->mutex);
	return lost;
}

static int put_account(const struct account *account, struct segment_writer *segment)
{
	return segment_put(segment, "INSERT OR REPLACE INTO stage VALUES(?, ?, ?, ?, ?)",
			   "ttiii", account->stage, account->stream,
			   (int64_t)account->written.attempted,
			   (int64_t)account->written.stored,
			   (int64_t)account->written.excluded);
}

static int put_loss(const struct loss *loss, struct segment_writer *segment)
{
	return segment_put(segment, "INSERT OR REPLACE INTO loss VALUES(?, ?, ?, ?, ?, ?, ?)",
			   "tttiiii", loss->stage, loss->stream, loss->reason,
			   (int64_t)loss->cpu, (int64_t)loss->written.first_ns,
			   (int64_t)loss->written.last_ns, (int64_t)loss->written.count);
}

/* Freeze what is to be written, and copy it, so that nobody waits for the disk. */
static int copy_accounts(struct ledger *ledger, struct account **accounts,
			 size_t *account_count, struct loss **losses, size_t *loss_count)
{
	int error = 0;

	pthread_mutex_lock(&ledger->mutex);
	for (size_t i = 0; i < ledger->account_count; i++)
		ledger->accounts[i].written = ledger->accounts[i].now;
	for (size_t i = 0; i < ledger->loss_count; i++)
		ledger->losses[i].written = ledger->losses[i].now;
	ledger->unaccounted.written = ledger->unaccounted.now;

	*account_count = ledger->account_count;
	*loss_count = ledger->loss_count + 1;
	*accounts = calloc(*account_count + 1, sizeof(**accounts));
	*losses = calloc(*loss_count, sizeof(**losses));
	if (*accounts && *losses) {
		if (ledger->account_count)
			memcpy(*accounts, ledger->accounts,
			       *account_count * sizeof(**accounts));
		if (ledger->loss_count)
			memcpy(*losses, ledger->losses, ledger->loss_count * sizeof(**losses));
		(*losses)[ledger->loss_count] = ledger->unaccounted;
	} else {
		error = -ENOMEM;
	}
	pthread_mutex_unlock(&ledger->mutex);
	return error;
}

int ledger_store(struct ledger *ledger, struct segment_writer *segment)
{
	struct account *accounts;
	struct loss *losses;
	size_t account_count, loss_count;
	int error = copy_accounts(ledger, &accounts, &account_count, &losses, &loss_count);

	for (size_t i = 0; i < account_count && !error; i++) {
		if (memcmp(&accounts[i].written, &accounts[i].committed,
			   sizeof(struct amounts)))
			error = put_account(&accounts[i], segment);
	}
	for (size_t i = 0; i < loss_count && !error; i++) {
		if (memcmp(&losses[i].written, &losses[i].committed, sizeof(struct toll)))
			error = put_loss(&losses[i], segment);
	}
	free(accounts);
	free(losses);
	return error;
}

void ledger_committed(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->mutex);
	for (size_t i = 0; i < ledger->account_count; i++)
		ledger->accounts[i].committed = ledger->accounts[i].written;
	for (size_t i = 0; i < ledger->loss_count; i++)
		ledger->losses[i].committed = ledger->losses[i].written;
	ledger->unaccounted.committed = ledger->unaccounted.written;
	pthread_mutex_unlock(&ledger->mutex);
}

static void rotate_loss(struct loss *loss)
{
	loss->now.count -= loss->committed.count;
	if (loss->now.count)
		loss->now.first_ns =
			loss->committed.count ? loss->committed.last_ns : loss->now.first_ns;
	else
		loss->now = (struct toll){0};
	loss->written = loss->committed = (struct toll){0};
}

void ledger_rotate(struct ledger *ledger)
{
	struct account *account;

	pthread_mutex_lock(&ledger->mutex);
	for (size_t i = 0; i < ledger->account_count; i++) {
		account = &ledger->accounts[i];
		account->now.attempted -= account->committed.attempted;
		account->now.stored -= account->committed.stored;
		account->now.excluded -= account->committed.excluded;
		account->written = account->committed = (struct amounts){0};
	}
	for (size_t i = 0; i < ledger->loss_count; i++)
		rotate_loss(&ledger->losses[i]);
	rotate_loss(&ledger->unaccounted);
	pthread_mutex_unlock(&ledger->mutex);
}
