/* The plugin: cuts code into segments as it is translated, and has them counted and watched. It
 * knows no instruction set; whoever starts it says where code may access memory. options.h lists
 * its arguments, record.h describes what it writes.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"
#include "border.h"
#include "cache.h"
#include "entry.h"
#include "options.h"
#include "record.h"
#include "regions.h"
#include "segments.h"

#define EXPORTED __attribute__((visibility("default")))
#define BLOCK_MAX 512      /* QEMU's own limit is lower or equal */
#define INSTRUCTION_MAX 16 /* bytes */

typedef struct {
  uint64_t address;
  uint8_t size;
  const uint8_t *code;
} decoded;

EXPORTED int qemu_plugin_version = API;

/* ---- translation ---- */

static bool ends_segment(const decoded *d) {
  return options_cut(d->address) || border_between(d->address, d->address + d->size);
}

static uint32_t add_segment(struct block *block, const decoded *d, size_t begin, size_t end) {
  static uint8_t code[BLOCK_MAX * (1 + INSTRUCTION_MAX)];
  const uint64_t stop = d[end - 1].address + d[end - 1].size;
  segment wanted = {.address = d[begin].address,
                    .instructions = (uint16_t)(end - begin),
                    .head = begin == 0,
                    .code = code};
  uint8_t *to = code + (end - begin);
  for (size_t i = begin; i < end; i++) {
    code[i - begin] = d[i].size;
    memcpy(to, d[i].code, d[i].size);
    to += d[i].size;
    wanted.bytes = (uint16_t)(wanted.bytes + d[i].size);
  }
  const uint32_t number = segment_find(&wanted);
  struct instruction *first = qemu_plugin_tb_get_insn(block, begin);
  border_watch_segment(first, number);
  cache_watch_segment(first, number);
  segment_count_inline(first, number);
  entry_watch_end(first, stop);
  for (size_t i = begin; i < end; i++) {
    struct instruction *instruction = qemu_plugin_tb_get_insn(block, i);
    cache_watch_instruction(instruction, number);
    border_watch_instruction(instruction, d[i].address, d[i].address + d[i].size);
  }
  return number;
}

/* QEMU blocks all signals in the threads of processors, and since glibc 2.41 abort() leaves it so.
 */
static void hear_abort(void) {
  static bool done;
  if (!done) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGABRT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    done = true;
  }
}

static void decode(const struct block *block, size_t i, decoded *d) {
  static uint8_t bytes[BLOCK_MAX][INSTRUCTION_MAX];
  const struct instruction *instruction = qemu_plugin_tb_get_insn(block, i);
  const size_t size = qemu_plugin_insn_size(instruction);
  if (size > INSTRUCTION_MAX) {
    bl_fail("an instruction of this length was not foreseen", NULL);
  }
  *d = (decoded){qemu_plugin_insn_vaddr(instruction), (uint8_t)size, bytes[i]};
#if SCOREBOARDS
  qemu_plugin_insn_data(instruction, bytes[i], size);
#else
  memcpy(bytes[i], qemu_plugin_insn_data(instruction), size);
#endif
}

#if USERDATA_EVERYWHERE
static void translate(struct block *block, void *data) {
  (void)data;
#else
static void translate(plugin_id id, struct block *block) {
  (void)id;
#endif
  static decoded d[BLOCK_MAX];
  const size_t count = qemu_plugin_tb_n_insns(block);
  uint32_t head = 0, tail = 0;
  if (!count || count > BLOCK_MAX) {
    bl_fail("a block of this length was not foreseen", NULL);
  }
  hear_abort();
  for (size_t i = 0; i < count; i++) {
    decode(block, i, &d[i]);
    if (i && d[i].address - d[i - 1].address < d[i - 1].size) {
      /* Near the end of a page QEMU 7 looks at the next instruction too early. */
      d[i - 1].size = (uint8_t)(d[i].address - d[i - 1].address);
    }
  }
  for (size_t i = 0, begin = 0; i < count; i++) {
    if (i + 1 == count || ends_segment(&d[i])) {
      tail = add_segment(block, d, begin, i + 1);
      head = begin ? head : tail;
      begin = i + 1;
    }
  }
  const decoded *last = &d[count - 1];
  const range extent = {last->address, last->address + last->size};
  entry_watch_head(block, head, tail, &extent);
}

/* ---- the end ---- */

#if USERDATA_EVERYWHERE
static void at_exit(void *data) {
  (void)data;
#else
static void at_exit(plugin_id id, void *data) {
  (void)id, (void)data;
#endif
  regions_finish(0);
}

/* A lockup of the core ends in abort(): what was counted up to there is kept. */
static void at_abort(int number) {
  regions_finish(number);
  signal(number, SIG_DFL);
  raise(number);
}

/* ---- the beginning ---- */

static void write_head(void) {
  static const char *const names[] = {"executed", "fallthrough"};
  size_t bytes = 0;
  bl_record_bytes("BLCOUNTS", 8);
  bl_record_u32(BL_RECORD_VERSION);
  bl_record_u32(columns);
  for (unsigned k = 0; k < columns; k++) {
    bytes += strlen(k < FIRST_EVENT ? names[k] : cache_column(k)) + 1;
  }
  bl_record_begin("NAME", bytes);
  for (unsigned k = 0; k < columns; k++) {
    const char *name = k < FIRST_EVENT ? names[k] : cache_column(k);
    bl_record_bytes(name, strlen(name) + 1);
  }
}

EXPORTED int qemu_plugin_install(plugin_id id, const plugin_info *info, int argc, char **argv) {
  for (int i = 0; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (!value) {
      bl_fail("an argument without a value", argv[i]);
    }
    *value++ = 0;
    if (!strcmp(argv[i], "probe")) {
      printf("boardless counter: interface %d of %d to %d\n", API, info->version.lowest,
             info->version.current);
      fflush(stdout);
      _exit(0);
    }
    options_set(argv[i], value);
  }
  if (!options.has_output) {
    bl_fail("no fd=N to write to", NULL);
  }
  regions_init(options.marks_count ? options.marks_count : options.regions.count);
  write_head();
  struct sigaction action = {.sa_handler = at_abort};
  sigaction(SIGABRT, &action, NULL);
  entry_init();
#if USERDATA_EVERYWHERE
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate, NULL);
#else
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
#endif
  qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  return 0;
}
