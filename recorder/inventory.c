/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a segment says of the recorded host.
 *
 * Every entry carries the number of its last change. A store writes the entries that changed
 * after the last commit; what is over by then (interfaces that are gone, old clock anchors) is
 * forgotten once it has been committed, so that the inventory stays as small as the host.
 */
#include "recorder/inventory.h"
#include "recorder/cpu_model.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#define CLOCK_TRIES  16
#define CPU_GOVERNOR "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

struct host {
	char *host_name, *machine_id, *boot_id, *kernel_release, *architecture, *command_line;
	int64_t cpu_count; /* 0: not known */
	char *cpu_model, *cpu_governor;
};

struct anchor {
	struct anchor *next;
	uint64_t change;
	uint64_t boot_ns, monotonic_ns, epoch_ns;
};

struct interface {
	struct interface *next;
	uint64_t change;
	uint64_t seen_ns;	      /* first_ns of the last time it was told */
	struct interface_entry entry; /* its texts are the inventory's */
};

struct probe {
	struct probe *next;
	uint64_t change;
	char *feature, *variant, *explanation;
	int chosen;
};

struct capture {
	struct capture *next;
	uint64_t change;
	int64_t number;
	struct capture_entry entry;
};

struct inventory {
	pthread_mutex_t mutex;
	uint64_t change, written, committed;
	struct host host;
	uint64_t boot_digest;
	struct anchor *anchors; /* newest first, as in all lists */
	struct interface *interfaces;
	struct probe *probes;
	struct capture *captures;
};

/* A copy, NULL of NULL; *error becomes -ENOMEM when memory is short. */
static char *copy(const char *text, int *error)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		*error = -ENOMEM;
	return copied;
}

/* The first line of a small file, or NULL. */
static char *read_line(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256];
	char *text = NULL;

	if (!file)
		return NULL;
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		text = strdup(line);
	}
	fclose(file);
	return text;
}

static char *read_cpu_model(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *model = file ? cpu_model_read(file) : NULL;

	if (file)
		fclose(file);
	return model;
}

static int describe_host(struct inventory *inventory)
{
	struct host *host = &inventory->host;
	struct utsname name;
	int error = 0;

	if (uname(&name))
		return -errno;
	host->host_name = copy(name.nodename, &error);
	host->kernel_release = copy(name.release, &error);
	host->architecture = copy(name.machine, &error);
	host->machine_id = read_line("/etc/machine-id");
	host->boot_id = read_line("/proc/sys/kernel/random/boot_id");
	host->cpu_count = sysconf(_SC_NPROCESSORS_ONLN);
	host->cpu_model = read_cpu_model();
	host->cpu_governor = read_line(CPU_GOVERNOR);
	if (host->boot_id)
		inventory->boot_digest = XXH3_64bits(host->boot_id, strlen(host->boot_id));
	return error;
}

struct inventory *inventory_new(int of_this_host, const char *command_line)
{
	struct inventory *inventory = calloc(1, sizeof(*inventory));
	int error = 0;

	if (!inventory)
		return NULL;
	pthread_mutex_init(&inventory->mutex, NULL);
	inventory->host.command_line = copy(command_line, &error);
	if (!error && of_this_host)
		error = describe_host(inventory);
	if (error) {
		inventory_free(inventory);
		return NULL;
	}
	return inventory;
}

static void interface_free(struct interface *interface)
{
	free((char *)interface->entry.network_namespace_name);
	free((char *)interface->entry.name);
	free((char *)interface->entry.kind);
	free(interface);
}

static void probe_free(struct probe *probe)
{
	free(probe->feature);
	free(probe->variant);
	free(probe->explanation);
	free(probe);
}

static void capture_free(struct capture *capture)
{
	free((char *)capture->entry.path);
	free((char *)capture->entry.link_type);
	free((char *)capture->entry.problem);
	free(capture);
}

static void free_anchors(struct anchor *anchor)
{
	struct anchor *next;

	for (; anchor; anchor = next) {
		next = anchor->next;
		free(anchor);
	}
}

void inventory_free(struct inventory *inventory)
{
	struct host *host;

	if (!inventory)
		return;
	host = &inventory->host;
	free(host->host_name);
	free(host->machine_id);
	free(host->boot_id);
	free(host->kernel_release);
	free(host->architecture);
	free(host->command_line);
	free(host->cpu_model);
	free(host->cpu_governor);
	free_anchors(inventory->anchors);
	for (struct interface *one = inventory->interfaces, *next; one; one = next) {
		next = one->next;
		interface_free(one);
	}
	for (struct probe *one = inventory->probes, *next; one; one = next) {
		next = one->next;
		probe_free(one);
	}
	for (struct capture *one = inventory->captures, *next; one; one = next) {
		next = one->next;
		capture_free(one);
	}
	pthread_mutex_destroy(&inventory->mutex);
	free(inventory);
}

static int is_same_interface(const struct interface_entry *a, const struct interface_entry *b)
{
	return a->network_namespace == b->network_namespace &&
	       a->interface_index == b->interface_index && !strcmp(a->name, b->name);
}

static int same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int is_unchanged(const struct interface_entry *a, const struct interface_entry *b)
{
	return same_text(a->network_namespace_name, b->network_namespace_name) &&
	       same_text(a->kind, b->kind) && a->has_mac == b->has_mac &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac)) && a->last_ns == b->last_ns &&
	       a->first_ns <= b->first_ns;
}

static struct interface *copy_interface(const struct interface_entry *entry)
{
	struct interface *made = calloc(1, sizeof(*made));
	int error = 0;

	if (!made)
		return NULL;
	made->seen_ns = entry->first_ns;
	made->entry = *entry;
	made->entry.network_namespace_name = copy(entry->network_namespace_name, &error);
	made->entry.name = copy(entry->name, &error);
	made->entry.kind = copy(entry->kind, &error);
	if (error) {
		interface_free(made);
		return NULL;
	}
	return made;
}

static int put_in_place(struct inventory *inventory, struct interface **place,
			const struct interface_entry *entry)
{
	struct interface *made = copy_interface(entry), *old = *place;

	if (!made)
		return -ENOMEM;
	made->change = ++inventory->change;
	if (old) {
		if (old->entry.first_ns < made->entry.first_ns)
			made->entry.first_ns = old->entry.first_ns;
		made->next = old->next;
		interface_free(old);
	}
	*place = made;
	return 0;
}

int inventory_interface(struct inventory *inventory, const struct interface_entry *entry)
{
	struct interface **place;
	int error = 0;

	pthread_mutex_lock(&inventory->mutex);
	for (place = &inventory->interfaces; *place; place = &(*place)->next) {
		if (is_same_interface(&(*place)->entry, entry))
			break;
	}
	if (*place && is_unchanged(&(*place)->entry, entry))
		(*place)->seen_ns = entry->first_ns;
	else
		error = put_in_place(inventory, place, entry);
	pthread_mutex_unlock(&inventory->mutex);
	return error;
}

void inventory_interfaces_complete(struct inventory *inventory, uint64_t first_ns)
{
	pthread_mutex_lock(&inventory->mutex);
	for (struct interface *one = inventory->interfaces; one; one = one->next) {
		if (one->seen_ns == first_ns || one->entry.last_ns)
			continue;
		one->entry.last_ns = first_ns;
		one->change = ++inventory->change;
	}
	pthread_mutex_unlock(&inventory->mutex);
}

int inventory_probe(struct inventory *inventory, const char *feature, const char *variant,
		    int chosen, const char *explanation)
{
	struct probe *made = calloc(1, sizeof(*made));
	struct probe **place, *old;
	int error = 0;

	if (!made)
		return -ENOMEM;
	made->feature = copy(feature, &error);
	made->variant = copy(variant, &error);
	made->explanation = copy(explanation ? explanation : "", &error);
	made->chosen = chosen;
	if (error) {
		probe_free(made);
		return error;
	}
	pthread_mutex_lock(&inventory->mutex);
	for (place = &inventory->probes; *place; place = &(*place)->next) {
		if (!strcmp((*place)->feature, feature) && !strcmp((*place)->variant, variant))
			break;
	}
	old = *place;
	made->next = old ? old->next : NULL;
	made->change = ++inventory->change;
	*place = made;
	if (old)
		probe_free(old);
	pthread_mutex_unlock(&inventory->mutex);
	return 0;
}

int inventory_capture(struct inventory *inventory, const struct capture_entry *entry)
{
	struct capture *made = calloc(1, sizeof(*made));
	int error = 0;

	if (!made)
		return -ENOMEM;
	made->entry = *entry;
	made->entry.path = copy(entry->path, &error);
	made->entry.link_type = copy(entry->link_type, &error);
	made->entry.problem = copy(entry->problem, &error);
	if (error) {
		capture_free(made);
		return error;
	}
	pthread_mutex_lock(&inventory->mutex);
	made->number = inventory->captures ? inventory->captures->number + 1 : 1;
	made->change = ++inventory->change;
	made->next = inventory->captures;
	inventory->captures = made;
	pthread_mutex_unlock(&inventory->mutex);
	return 0;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The clocks side by side: of several readings, the one that took the least time. */
static void read_anchor(struct anchor *anchor)
{
	uint64_t before, after, best = UINT64_MAX;
	struct anchor now = {0};

	for (int i = 0; i < CLOCK_TRIES; i++) {
		before = read_clock(CLOCK_BOOTTIME);
		now.epoch_ns = read_clock(CLOCK_REALTIME);
		now.monotonic_ns = read_clock(CLOCK_MONOTONIC);
		after = read_clock(CLOCK_BOOTTIME);
		if (after - before >= best)
			continue;
		best = after - before;
		now.boot_ns = before + best / 2;
		*anchor = now;
	}
}

int64_t inventory_clock(struct inventory *inventory)
{
	struct anchor reading = {0};
	struct anchor *kept = malloc(sizeof(*kept));

	read_anchor(&reading);
	if (kept) {
		*kept = reading;
		pthread_mutex_lock(&inventory->mutex);
		kept->change = ++inventory->change;
		kept->next = inventory->anchors;
		inventory->anchors = kept;
		pthread_mutex_unlock(&inventory->mutex);
	}
	return (int64_t)(reading.epoch_ns - reading.boot_ns);
}

uint64_t inventory_boot_digest(const struct inventory *inventory)
{
	return inventory->boot_digest;
}

static int put_host(const struct host *host, struct segment_writer *segment)
{
	return segment_put(segment,
			   "INSERT INTO host VALUES(?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?)",
			   "tttttittt", host->host_name, host->machine_id, host->boot_id,
			   host->kernel_release, host->architecture, host->cpu_count,
			   host->command_line, host->cpu_model, host->cpu_governor);
}

static int put_anchor(const struct anchor *anchor, struct segment_writer *segment)
{
	return segment_put(segment, "INSERT INTO clock VALUES(?, ?, ?)", "iii",
			   (int64_t)anchor->boot_ns, (int64_t)anchor->monotonic_ns,
			   (int64_t)anchor->epoch_ns);
}

static int put_interface(const struct interface_entry *entry, struct segment_writer *segment)
{
	char mac[18] = "";

	if (entry->has_mac)
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", entry->mac[0],
			 entry->mac[1], entry->mac[2], entry->mac[3], entry->mac[4],
			 entry->mac[5]);
	return segment_put(segment,
			   "INSERT OR REPLACE INTO interface VALUES(?, ?, ?, ?, ?, ?, ?, "
			   "nullif(?, 0))",
			   "ititttii", (int64_t)entry->network_namespace,
			   entry->network_namespace_name, (int64_t)entry->interface_index,
			   entry->name, entry->kind, entry->has_mac ? mac : NULL,
			   (int64_t)entry->first_ns, (int64_t)entry->last_ns);
}

static int put_probe(const struct probe *probe, struct segment_writer *segment)
{
	return segment_put(segment, "INSERT OR REPLACE INTO probe VALUES(?, ?, ?, ?)", "ttit",
			   probe->feature, probe->variant, (int64_t)probe->chosen,
			   probe->explanation);
}

static int put_capture(const struct capture *capture, struct segment_writer *segment)
{
	const struct capture_entry *entry = &capture->entry;

	return segment_put(
		segment,
		"INSERT OR REPLACE INTO capture VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"nullif(?, 0), nullif(?, 0), ?)",
		"itit"
		"iiiiii"
		"iit",
		capture->number, entry->path, (int64_t)entry->size_bytes, entry->link_type,
		(int64_t)entry->packets, (int64_t)entry->verdicts[0],
		(int64_t)entry->verdicts[1], (int64_t)entry->verdicts[2],
		(int64_t)entry->verdicts[3], (int64_t)entry->verdicts[4],
		(int64_t)entry->first_ns, (int64_t)entry->last_ns, entry->problem);
}

static int put_changes(const struct inventory *inventory, struct segment_writer *segment,
		       uint64_t after)
{
	int error = 0;

	for (struct anchor *one = inventory->anchors; one && !error; one = one->next)
		if (one->change > after)
			error = put_anchor(one, segment);
	for (struct interface *one = inventory->interfaces; one && !error; one = one->next)
		if (one->change > after)
			error = put_interface(&one->entry, segment);
	for (struct probe *one = inventory->probes; one && !error; one = one->next)
		if (one->change > after)
			error = put_probe(one, segment);
	for (struct capture *one = inventory->captures; one && !error; one = one->next)
		if (one->change > after)
			error = put_capture(one, segment);
	return error;
}

int inventory_store(struct inventory *inventory, struct segment_writer *segment, int all)
{
	int error = 0;

	pthread_mutex_lock(&inventory->mutex);
	inventory->written = inventory->change;
	if (all)
		error = put_host(&inventory->host, segment);
	if (!error && (all || inventory->change > inventory->committed))
		error = put_changes(inventory, segment, all ? 0 : inventory->committed);
	pthread_mutex_unlock(&inventory->mutex);
	return error;
}

void inventory_committed(struct inventory *inventory)
{
	struct interface **place, *gone;
	struct anchor **old;

	pthread_mutex_lock(&inventory->mutex);
	inventory->committed = inventory->written;
	for (place = &inventory->interfaces; *place;) {
		gone = *place;
		if (gone->entry.last_ns && gone->change <= inventory->committed) {
			*place = gone->next;
			interface_free(gone);
		} else {
			place = &gone->next;
		}
	}
	/* The newest anchor stays: the next segment begins with it. */
	old = inventory->anchors ? &inventory->anchors->next : &inventory->anchors;
	while (*old && (*old)->change > inventory->committed)
		old = &(*old)->next;
	free_anchors(*old);
	*old = NULL;
	pthread_mutex_unlock(&inventory->mutex);
}
