/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container that a cgroup's path names: its names are looked at from the deepest one up.
 *
 *     /system.slice/docker-0123...cdef.scope/init.scope
 *                   ~~~~~~ ~~~~~~~~~~~
 *                   word   id
 */
#include "recorder/container.h"

#include <stddef.h>
#include <string.h>

#define ANY_RUNTIME ((const char *)0)

/* A name of a path: borrowed, not ended by 0. */
struct name {
	const char *text;
	size_t size;
};

/* What stands before an id, or is the name above it. */
static const struct word {
	const char *text;
	const char *runtime; /* NULL: what it belongs to is no container */
} words[] = {
	{"docker", "docker"},
	{"cri-containerd", "containerd"},
	{"nerdctl", "containerd"},
	{"k8s.io", "containerd"}, /* containerd's own namespace for Kubernetes */
	{"crio", "cri-o"},
	{"crio-conmon", NULL},
	{"libpod", "podman"},
	{"libpod-payload", "podman"},
	{"libpod-conmon", NULL},
	{"libpod_pod", NULL},
	{"garden", "garden"},
};

static int is(struct name name, const char *text)
{
	return name.size == strlen(text) && !memcmp(name.text, text, name.size);
}

static int begins(struct name *name, const char *text)
{
	size_t size = strlen(text);

	if (name->size < size || memcmp(name->text, text, size))
		return 0;
	name->text += size;
	name->size -= size;
	return 1;
}

static int ends(struct name *name, const char *text)
{
	size_t size = strlen(text);

	if (name->size < size || memcmp(name->text + name->size - size, text, size))
		return 0;
	name->size -= size;
	return 1;
}

/* How many of the last bytes of a name are of a set. */
static size_t trailing(struct name name, const char *set)
{
	size_t size = 0;

	while (size < name.size && memchr(set, name.text[name.size - 1 - size], strlen(set)))
		size++;
	return size;
}

static const char hexadecimal[] = "0123456789abcdef";

/* The size of the id that ends a name; 0: none. */
static size_t find_id(struct name name)
{
	size_t digits = trailing(name, "0123456789");
	struct name rest = {name.text, name.size - digits};

	if (trailing(name, hexadecimal) == 64)
		return 64;
	if (digits && digits <= 20 && rest.size == 33 && ends(&rest, "-") &&
	    trailing(rest, hexadecimal) == 32)
		return name.size;
	if (name.size != 28)
		return 0;
	rest = name;
	for (int i = 0; i < 4; i++) {
		if (trailing(rest, hexadecimal) != 4)
			return 0;
		rest.size -= 4;
		if (!ends(&rest, "-"))
			return 0;
	}
	return trailing(rest, hexadecimal) == 8 ? name.size : 0;
}

static int take(struct container *container, struct name id, const char *runtime)
{
	if (!id.size || id.size >= CONTAINER_ID_SIZE)
		return 0;
	memcpy(container->id, id.text, id.size);
	container->id[id.size] = 0;
	container->runtime = runtime;
	return 1;
}

static const struct word *find_word(struct name name)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is(name, words[i].text))
			return &words[i];
	return NULL;
}

/* "docker-ID.scope", "kubepods-pod7.slice:cri-containerd:ID", or "ID" below "docker". */
static int take_numbered(struct container *container, struct name name, struct name above)
{
	struct name id, before;
	const struct word *word;
	const char *colon;

	ends(&name, ".scope");
	id.size = find_id(name);
	if (!id.size)
		return 0;
	id.text = name.text + name.size - id.size;
	before = (struct name){name.text, name.size - id.size};
	if (!before.size) {
		word = find_word(above);
		return take(container, id, word ? word->runtime : ANY_RUNTIME);
	}
	if (!ends(&before, "-") && !ends(&before, ":") && !ends(&before, "_"))
		return 0;
	colon = memrchr(before.text, ':', before.size);
	if (colon) {
		before.size -= (size_t)(colon + 1 - before.text);
		before.text = colon + 1;
	}
	word = find_word(before);
	if (word && !word->runtime)
		return 0;
	return take(container, id, word ? word->runtime : ANY_RUNTIME);
}

/* systemd.unit(5) writes "-" as \x2d; names of machines have nothing else to escape. */
static int take_machine(struct container *container, struct name name)
{
	char text[CONTAINER_ID_SIZE];
	struct name plain = {text, 0}, rest;

	while (name.size && plain.size < sizeof(text)) {
		if (begins(&name, "\\x2d")) {
			text[plain.size++] = '-';
		} else {
			text[plain.size++] = *name.text++;
			name.size--;
		}
	}
	rest = plain;
	if (name.size || begins(&rest, "qemu-"))
		return 0;
	return take(container, plain, begins(&rest, "lxc-") ? "libvirt-lxc" : "systemd-nspawn");
}

static int take_named(struct container *container, struct name name, struct name above,
		      struct name below)
{
	struct name rest = name;

	if (begins(&rest, "lxc.payload."))
		return take(container, rest, "lxc");
	if (is(above, "lxc.payload") || is(above, "lxc"))
		return take(container, name, "lxc");
	/* systemd-nspawn itself is beside what it runs. */
	if (is(below, "supervisor"))
		return 0;
	if (begins(&rest, "machine-") && ends(&rest, ".scope"))
		return take_machine(container, rest);
	rest = name;
	if (begins(&rest, "systemd-nspawn@") && ends(&rest, ".service"))
		return take_machine(container, rest);
	return 0;
}

int container_of_path(const char *path, struct container *container)
{
	struct name name = {path + strlen(path), 0}, above, below = {path, 0};

	while (name.text > path) {
		const char *end = name.text;

		/* name: the one that ends here; above: the one before it. */
		while (name.text > path && name.text[-1] != '/')
			name.text--;
		name.size = (size_t)(end - name.text);
		above.text = name.text > path ? name.text - 1 : path;
		above.size = 0;
		while (above.text > path && above.text[-1] != '/') {
			above.text--;
			above.size++;
		}
		if (take_numbered(container, name, above) ||
		    take_named(container, name, above, below))
			return 1;
		below = name;
		if (name.text > path)
			name.text--;
	}
	return 0;
}
