/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns a thread on and off from another one.
 */
#include "recorder/turning.h"

#include <errno.h>

void turning_open(struct turning *turning)
{
	*turning = (struct turning){.wanted = 1, .is_on = 1};
	pthread_mutex_init(&turning->mutex, NULL);
	pthread_cond_init(&turning->changed, NULL);
}

void turning_close(struct turning *turning)
{
	pthread_cond_destroy(&turning->changed);
	pthread_mutex_destroy(&turning->mutex);
}

int turning_tell(struct turning *turning, int on)
{
	int error;

	pthread_mutex_lock(&turning->mutex);
	turning->wanted = on;
	turning->error = 0;
	atomic_store(&turning->is_told, turning->is_on != on);
	while (turning->is_on != on && !turning->has_ended)
		pthread_cond_wait(&turning->changed, &turning->mutex);
	error = turning->has_ended ? -ESRCH : turning->error;
	pthread_mutex_unlock(&turning->mutex);
	return error;
}

/* It is asked often, and told seldom. */
int turning_is_told(struct turning *turning, int *on)
{
	if (!atomic_load(&turning->is_told))
		return 0;
	pthread_mutex_lock(&turning->mutex);
	*on = turning->wanted;
	pthread_mutex_unlock(&turning->mutex);
	return 1;
}

void turning_done(struct turning *turning, int error)
{
	pthread_mutex_lock(&turning->mutex);
	atomic_store(&turning->is_told, 0);
	turning->is_on = turning->wanted;
	turning->error = error;
	pthread_cond_signal(&turning->changed);
	pthread_mutex_unlock(&turning->mutex);
}

void turning_end(struct turning *turning)
{
	pthread_mutex_lock(&turning->mutex);
	turning->has_ended = 1;
	pthread_cond_signal(&turning->changed);
	pthread_mutex_unlock(&turning->mutex);
}
