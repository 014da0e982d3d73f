# SPDX-License-Identifier: Apache-2.0
# One non-recursive Makefile; everything that is built stands under build/.
#
#   make demo     installs what is missing, builds, records real traffic, prints the reports
#   make test     installs what is missing, builds, runs every test that this machine can run
#   make bench    the benchmarks; bench-NAME runs one
#   V=1 shows commands; SAN=1 builds with the address and undefined-behaviour sanitizers.

.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

VERSION := 0.1.0
CC := gcc
CLANG := clang
BPFTOOL := $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PREFIX ?= /usr/local

BUILD := build
ifeq ($(SAN),1)
BUILD := build/san
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

CFLAGS ?= -O2 -g
CFLAGS_ALL := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unused-parameter -Werror=implicit-function-declaration -D_GNU_SOURCE \
	-DFLOWTAPE_VERSION='"$(VERSION)"' -I. -I$(BUILD) $(SANITIZE) $(CFLAGS)
LDFLAGS_ALL := -pthread $(SANITIZE) $(LDFLAGS)

SCHEMA_LIBS := -lsqlite3 -lzstd -lxxhash -lcrypto -ljansson -lm
RECORDER_LIBS := -lbpf -lelf -lz -lpcap -lmnl $(SCHEMA_LIBS)
ANALYZER_LIBS := -lz $(SCHEMA_LIBS)

# --- sources, by wildcard: a new file needs no edit here ---

is_test = %_test.c %_fuzz.c %_bench.c
part = $(filter-out $(is_test),$(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

SCHEMA_SRC := $(call part,schema)
RECORDER_SRC := $(filter-out recorder/main.c,$(call part,recorder)) $(call part,recorder/bench)
ANALYZER_SRC := $(filter-out analyzer/main.c,$(call part,analyzer)) \
	$(call part,analyzer/models) $(call part,analyzer/compare)
REPORTS := $(wildcard analyzer/reports/*.sql)
BPF_SRC := $(wildcard bpf/*.bpf.c)

SCHEMA_OBJ := $(call objects,$(SCHEMA_SRC)) $(BUILD)/schema/segment_sql.o
RECORDER_OBJ := $(call objects,$(RECORDER_SRC))
ANALYZER_OBJ := $(call objects,$(ANALYZER_SRC)) $(BUILD)/analyzer/reports.o

SCHEMA_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard schema/*_test.c))
RECORDER_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard recorder/*_test.c recorder/*/*_test.c))
ANALYZER_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard analyzer/*_test.c analyzer/*/*_test.c))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard schema/*_fuzz.c recorder/*_fuzz.c \
	analyzer/compare/*_fuzz.c))
TOOLS := $(patsubst %.c,$(BUILD)/%,$(filter-out %/changed.c,$(wildcard testdata/*/*.c)))
BRIEF := $(BUILD)/testdata/live/brief
YARDSTICK := $(BUILD)/testdata/live/yardstick
CHANGED := $(BUILD)/testdata/live/changed.so
LAB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard testdata/live/labs/*.bpf.c))
SEGMENT_BENCH := $(BUILD)/testdata/bench/segment/segment
KERNEL_BENCH := $(BUILD)/testdata/bench/kernel/kernel
REPLAY_BENCH := $(BUILD)/testdata/bench/replay/sightings
SLOWER := $(BUILD)/testdata/bench/slower/slower
DIGEST_BENCH := $(BUILD)/testdata/bench/replay/digests
MAKE_EXPERIMENT := $(BUILD)/testdata/bench/overhead/make_experiment
BENCHES := $(patsubst testdata/bench/%.sh,bench-%,$(wildcard testdata/bench/*.sh))

all: flowrec flowplay
	@:
flowrec: $(BUILD)/flowrec
flowplay: $(BUILD)/flowplay
tools: $(TOOLS) $(CHANGED) $(LAB_OBJ) $(SEGMENT_BENCH) $(KERNEL_BENCH) $(REPLAY_BENCH) $(DIGEST_BENCH) \
	$(SLOWER) $(MAKE_EXPERIMENT)
	@:
tests: $(SCHEMA_TESTS) $(RECORDER_TESTS) $(ANALYZER_TESTS) $(FUZZERS) tools
	@:
# What needs neither libbpf, clang nor privileges.
flowplay-tests: $(SCHEMA_TESTS) $(ANALYZER_TESTS)

# --- the two programs ---

$(BUILD)/flowrec: $(BUILD)/recorder/main.o $(RECORDER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(RECORDER_LIBS)

$(BUILD)/flowplay: $(BUILD)/analyzer/main.o $(ANALYZER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $^ $(ANALYZER_LIBS)

# --- C ---

$(BUILD)/%.o: %.c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Text files that a program carries: `NAME_text`, ended by a 0 byte.
$(BUILD)/schema/segment_sql.c: schema/segment.sql
	$(say) EMBED $<
	@mkdir -p $(@D)
	$(Q){ echo 'extern const char segment_sql[];'; echo 'const char segment_sql[] ='; \
		sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $<; echo ';'; } >$@

$(BUILD)/analyzer/reports.c: $(REPORTS) Makefile
	$(say) EMBED analyzer/reports
	@mkdir -p $(@D)
	$(Q){ echo '#include "analyzer/reports.h"'; \
		echo 'const struct embedded_report embedded_reports[] = {'; \
		for f in $(sort $(REPORTS)); do \
			echo "{\"$$(basename $$f .sql)\","; \
			sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $$f; echo '},'; \
		done; echo '{0, 0},'; echo '};'; } >$@

$(BUILD)/schema/segment_sql.o $(BUILD)/analyzer/reports.o: %.o: %.c
	$(say) CC $<
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# --- BPF: an object, then a skeleton that carries it ---

BPF_ARCH := $(subst x86_64,x86,$(subst aarch64,arm64,$(shell uname -m)))
BPF_FLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -I. -Wall -Wextra \
	-Wno-unused-parameter -Wno-missing-declarations \
	-I/usr/include/$(shell uname -m)-linux-gnu

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@ 2>$@.log || { cat $@.log >&2; exit 1; }

# Generated headers must be there before the first compile; later the .d files know who needs them.
SKELETONS := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(BPF_SRC))
$(RECORDER_OBJ) $(BUILD)/recorder/main.o: | $(SKELETONS)

# --- tests, fuzzers, tools ---

$(SCHEMA_TESTS): $(BUILD)/%: $(BUILD)/%.o $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(SCHEMA_LIBS)

$(ANALYZER_TESTS): $(BUILD)/%: $(BUILD)/%.o $(ANALYZER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(ANALYZER_LIBS)

$(RECORDER_TESTS): $(BUILD)/%: $(BUILD)/%.o $(RECORDER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(RECORDER_LIBS)

# A fuzzer has LLVMFuzzerTestOneInput; the plain build replays the files that it is given.
$(BUILD)/schema/%_fuzz: $(BUILD)/schema/%_fuzz.o $(BUILD)/testdata/fuzz/replay.o $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(SCHEMA_LIBS)
$(BUILD)/recorder/%_fuzz: $(BUILD)/recorder/%_fuzz.o $(BUILD)/testdata/fuzz/replay.o $(RECORDER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(RECORDER_LIBS)

$(BUILD)/analyzer/%_fuzz: $(BUILD)/analyzer/%_fuzz.o $(BUILD)/testdata/fuzz/replay.o $(ANALYZER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(ANALYZER_LIBS)

# With libFuzzer: make fuzz-NAME FUZZ_S=60
FUZZ_S ?= 30
fuzz-%: deps
	$(Q)testdata/fuzz/run.sh $* $(FUZZ_S)

$(filter-out $(BUILD)/testdata/fuzz/% $(BRIEF) $(YARDSTICK),$(TOOLS)): $(BUILD)/testdata/%: $(BUILD)/testdata/%.o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lpcap -lm
$(BUILD)/testdata/fuzz/replay: ;

# A process that is to live as briefly as one can: nothing to link when it starts, no sanitizers.
$(BRIEF): testdata/live/brief.c
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out $(SANITIZE),$(CFLAGS_ALL)) -MMD -MP -MF $@.d -static -o $@ $<

# The tool that measures the schema: several files, in a directory of their own.
$(SEGMENT_BENCH): $(call objects,$(wildcard testdata/bench/segment/*.c)) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(SCHEMA_LIBS)

# What writes sightings to be replayed, and experiments to be evaluated.
$(REPLAY_BENCH) $(MAKE_EXPERIMENT): %: %.o $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(SCHEMA_LIBS)
$(DIGEST_BENCH): $(DIGEST_BENCH).o $(BUILD)/analyzer/models/digest.o $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(ANALYZER_LIBS)

# The tool that measures the programs in the kernel, and the yardsticks that it attaches.
KERNEL_BENCH_OBJ := $(call objects,$(filter-out %.bpf.c,$(wildcard testdata/bench/kernel/*.c)))
YARDSTICKS := $(BUILD)/testdata/bench/kernel/yardsticks

$(YARDSTICKS).bpf.o: testdata/bench/kernel/yardsticks.bpf.c
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<
$(YARDSTICKS).skel.h: $(YARDSTICKS).bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name yardsticks >$@ 2>$@.log || { cat $@.log >&2; exit 1; }
$(KERNEL_BENCH_OBJ) $(YARDSTICK).o: | $(YARDSTICKS).skel.h
$(KERNEL_BENCH): $(KERNEL_BENCH_OBJ) $(RECORDER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(RECORDER_LIBS)

# A yardstick alone, beside the recorder.
$(YARDSTICK): $(YARDSTICK).o
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lbpf -lelf -lz

# The recorder's programs, made slower.
$(SLOWER).bpf.o: testdata/bench/slower/slower.bpf.c
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<
$(SLOWER).skel.h: $(SLOWER).bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name slower_bpf >$@ 2>$@.log || { cat $@.log >&2; exit 1; }
$(SLOWER).o: | $(SLOWER).skel.h
$(SLOWER): $(SLOWER).o $(RECORDER_OBJ) $(SCHEMA_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(RECORDER_LIBS)

# Loaded before zstd: what a build that got worse would do.
$(CHANGED): testdata/live/changed.c
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out $(SANITIZE),$(CFLAGS_ALL)) -shared -fPIC -MMD -MP -MF $@.d -o $@ $<

# What a laboratory attaches to an interface.
$(LAB_OBJ): $(BUILD)/%.bpf.o: %.bpf.c
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<

# --- what people type ---

# As many jobs as there are processors, where nobody said how many.
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

deps:
	@testdata/deps.sh

demo: deps
	@$(MAKE) --no-print-directory $(JOBS) all tools
	@testdata/demo.sh

test: deps
	@testdata/deps.sh guest
	@$(MAKE) --no-print-directory $(JOBS) all tests
	@testdata/test.sh

bench: $(BENCHES)
$(BENCHES): bench-%: deps
	@$(MAKE) --no-print-directory $(JOBS) all tools
	@testdata/bench/$*.sh

format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

install: all
	install -D -m 755 $(BUILD)/flowrec $(DESTDIR)$(PREFIX)/bin/flowrec
	install -D -m 755 $(BUILD)/flowplay $(DESTDIR)$(PREFIX)/bin/flowplay

clean:
	$(Q)rm -rf build

.PHONY: all flowrec flowplay tools tests flowplay-tests deps demo test bench $(BENCHES) format \
	install clean

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
