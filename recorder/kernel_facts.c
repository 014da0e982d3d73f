/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel has, from /sys/kernel/btf and /proc/kallsyms.
 */
#include "recorder/kernel_facts.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULES_MOST 4

struct kernel_facts {
	struct btf *kernel; /* NULL: none */
	struct {
		const char *name;
		struct btf *types; /* of this module alone, or NULL */
	} modules[MODULES_MOST];
	size_t module_count;
	char answer[160];
};

struct kernel_facts *kernel_facts_read(void)
{
	struct kernel_facts *facts = calloc(1, sizeof(*facts));

	if (facts)
		facts->kernel = btf__load_vmlinux_btf();
	return facts;
}

void kernel_facts_free(struct kernel_facts *facts)
{
	if (!facts)
		return;
	for (size_t i = 0; i < facts->module_count; i++)
		btf__free(facts->modules[i].types);
	btf__free(facts->kernel);
	free(facts);
}

/* The types of a module, which are read when they are first asked for. */
static struct btf *module_types(struct kernel_facts *facts, const char *name)
{
	size_t i = 0;

	while (i < facts->module_count && strcmp(facts->modules[i].name, name))
		i++;
	if (i < facts->module_count)
		return facts->modules[i].types;
	if (i == MODULES_MOST)
		return NULL;
	facts->modules[i].name = name;
	facts->modules[i].types = btf__load_module_btf(name, facts->kernel);
	facts->module_count++;
	return facts->modules[i].types;
}

int kernel_facts_have_function(const struct kernel_facts *facts, const char *name)
{
	return facts->kernel && btf__find_by_name_kind(facts->kernel, name, BTF_KIND_FUNC) > 0;
}

unsigned int kernel_facts_arguments(const struct kernel_facts *facts, const char *tracepoint)
{
	const struct btf_type *type;
	char name[128];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = facts->kernel ? btf__find_by_name_kind(facts->kernel, name, BTF_KIND_TYPEDEF) : -1;
	type = id > 0 ? btf__type_by_id(facts->kernel, (uint32_t)id) : NULL;
	while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
		type = btf__type_by_id(facts->kernel, type->type);
	/* The first parameter is no argument, but the program's own. */
	return type && btf_is_func_proto(type) && btf_vlen(type) ? btf_vlen(type) - 1U : 0;
}

void kernel_facts_each_value(const struct kernel_facts *facts, const char *enumeration,
			     int (*value)(void *context, const char *name, uint32_t number),
			     void *context)
{
	int id = facts->kernel
			 ? btf__find_by_name_kind(facts->kernel, enumeration, BTF_KIND_ENUM)
			 : -1;
	const struct btf_type *type =
		id > 0 ? btf__type_by_id(facts->kernel, (uint32_t)id) : NULL;
	const struct btf_enum *values = type ? btf_enum(type) : NULL;

	for (uint16_t i = 0; type && i < btf_vlen(type); i++)
		if (value(context, btf__name_by_offset(facts->kernel, values[i].name_off),
			  (uint32_t)values[i].val))
			return;
}

static int has_type(struct kernel_facts *facts, const char *name, uint32_t kind,
		    const char *module)
{
	/* A module's types continue those of the kernel proper, and are searched with them. */
	struct btf *types = module ? module_types(facts, module) : NULL;

	return btf__find_by_name_kind(types ? types : facts->kernel, name, kind) > 0;
}

static int is_loaded(const char *module)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

/* Whether a symbol is the function or a copy of it. */
static int is_symbol_of(const char *symbol, const char *function)
{
	static const char *const copies[] = {".isra.", ".constprop.", ".part.", ".llvm."};
	size_t size = strlen(function);

	if (strncmp(symbol, function, size))
		return 0;
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		if (!strncmp(symbol + size, copies[i], strlen(copies[i])))
			return 1;
	return !symbol[size];
}

const char *kernel_facts_symbol(struct kernel_facts *facts, const char *function)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[512], type, symbol[sizeof(facts->answer)];
	const char *found = NULL;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (!strstr(line, function) ||
		    sscanf(line, "%*x %c %159s", &type, symbol) != 2 ||
		    (type != 't' && type != 'T') || !is_symbol_of(symbol, function))
			continue;
		/* A copy does for want of the function itself. */
		strcpy(facts->answer, symbol);
		found = facts->answer;
		if (!strcmp(symbol, function))
			break;
	}
	if (symbols)
		fclose(symbols);
	return found;
}

static int has_kprobes(void)
{
	static const char *const doors[] = {
		"/sys/bus/event_source/devices/kprobe",
		"/sys/kernel/tracing/kprobe_events",
		"/sys/kernel/debug/tracing/kprobe_events",
	};

	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		if (!access(doors[i], F_OK))
			return 1;
	return 0;
}

static const char *say(struct kernel_facts *facts, const char *format, const char *what)
{
	snprintf(facts->answer, sizeof(facts->answer), format, what);
	return facts->answer;
}

static const char *no_function(struct kernel_facts *facts,
			       const struct alternative *alternative, const char *name)
{
	if (alternative->module && !is_loaded(alternative->module) &&
	    !has_type(facts, name, BTF_KIND_FUNC, NULL))
		return say(facts, "module %s is not loaded", alternative->module);
	return say(facts, "this kernel has no function %s, or not on its own", name);
}

const char *kernel_facts_against(struct kernel_facts *facts,
				 const struct alternative *alternative)
{
	const char *name = alternative->name, *symbol;
	char type[128];

	if (!facts->kernel && alternative->hook != HOOK_DUMP &&
	    alternative->hook != HOOK_NETLINK && alternative->hook != HOOK_LIBPCAP)
		return "this kernel does not describe its types (no BTF)";
	switch (alternative->hook) {
	case HOOK_TP_BTF:
		snprintf(type, sizeof(type), "btf_trace_%s", name);
		if (!has_type(facts, type, BTF_KIND_TYPEDEF, alternative->module))
			return "this kernel has no such tracepoint";
		if (alternative->feature == FEATURE_DROP &&
		    !has_type(facts, "skb_drop_reason", BTF_KIND_ENUM, NULL))
			return "this kernel gives no reasons (Linux 5.17)";
		return NULL;
	case HOOK_FENTRY:
	case HOOK_FEXIT:
		symbol = kernel_facts_symbol(facts, name);
		if (!symbol || strcmp(symbol, name) ||
		    !has_type(facts, name, BTF_KIND_FUNC, alternative->module))
			return no_function(facts, alternative, name);
		return NULL;
	case HOOK_KPROBE:
	case HOOK_KRETPROBE:
		if (!has_kprobes())
			return "this kernel has no kprobes";
		return kernel_facts_symbol(facts, name) ? NULL
							: no_function(facts, alternative, name);
	case HOOK_ITER:
		snprintf(type, sizeof(type), "bpf_iter_%s", name);
		if (!has_type(facts, type, BTF_KIND_FUNC, NULL))
			return "this kernel has no such iterator";
		return NULL;
	case HOOK_CLSACT:
		if (!kernel_facts_have_function(facts, "bpf_cast_to_kern_ctx"))
			return "this kernel shows TC programs no more of a packet (Linux 6.2)";
		return NULL;
	case HOOK_TCX:
		if (!has_type(facts, "tcx_entry", BTF_KIND_STRUCT, NULL))
			return "this kernel has no tcx (Linux 6.6)";
		return NULL;
	case HOOK_SKB:
	case HOOK_WALK:
		if (!has_type(facts, "nf_conn", BTF_KIND_STRUCT, alternative->module))
			return say(facts, "module %s is not loaded", alternative->module);
		return NULL;
	default:
		return NULL;
	}
}
