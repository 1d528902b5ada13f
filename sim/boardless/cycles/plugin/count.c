/* The plugin: cuts code into segments as it is translated, and watches for what begins and ends
 * regions. It knows no instruction set; whoever starts it says where code may access memory.
 *
 * Arguments, numbers in any C notation, ranges LOW:HIGH without HIGH:
 *   probe=on           only says that the plugin can be loaded, and ends the emulator
 *   fd=N               where the counts go, see record.h
 *   cuts=N             file of u64: number of ranges R, number of addresses A, R x (low, high),
 *                      A addresses. Within the ranges a segment ends behind an instruction at
 *                      one of the addresses (in rising order), outside behind every one
 *   marks=ADDRESS:K:LOW:HIGH  a store into word k of K at ADDRESS, made by code in the range,
 *                      begins region k; region K-1 is what lies around the others
 *   memory=LOW:HIGH    plain memory; anything else is a device (may be repeated)
 *   start=LOW:HIGH     a pass begins when code in the range has written to a device
 *   stop=LOW:HIGH      a pass ends when code in the range reads a device, after mark K-1
 *   region=BEGIN:END   instead of marks: a pass from one instruction to another (may be repeated)
 *   handler=ADDRESS    an interrupt handler begins here (may be repeated)
 *   leave=ADDRESS      the instruction by which a handler returns (may be repeated)
 *   cache=...          see cache.h (may be repeated)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi.h"
#include "cache.h"
#include "record.h"
#include "regions.h"
#include "segments.h"

#define EXPORTED __attribute__((visibility("default")))
#define BLOCK_MAX 512      /* QEMU's own limit is lower or equal */
#define INSTRUCTION_MAX 16 /* bytes */

typedef struct {
  uint64_t low, high;
} range;

typedef struct {
  range *items;
  uint32_t count;
} ranges;

typedef struct {
  uint64_t address;
  uint8_t size;
  const uint8_t *code;
} decoded;

EXPORTED int qemu_plugin_version = API;

static ranges known, memory, foreign; /* foreign: regions by BEGIN:END */
static ranges handlers, leaves;       /* only `low` is used */
static uint64_t *cuts, cut_count;
static range marker, starter, stopper; /* code ranges */
static uint64_t marks_address;
static uint32_t marks_count;

static bool inside(const range *r, uint64_t address) {
  return address >= r->low && address < r->high;
}

static bool in_any(const ranges *all, uint64_t address) {
  for (uint32_t i = 0; i < all->count; i++) {
    if (inside(&all->items[i], address)) {
      return true;
    }
  }
  return false;
}

static void append(ranges *all, range item) {
  all->items = checked(realloc(all->items, (all->count + 1) * sizeof item));
  all->items[all->count++] = item;
}

/* ---- how a place was reached ---- */

/* A handler may have been left by the instruction before this address, unless execution falls
 * through to it: returns can be conditional. */
static uint64_t left_to;
static bool leaving;

static void count_fall(uint32_t number) {
  chunks[number / CHUNK]->now[FELL][number % CHUNK]++;
}

#if SCOREBOARDS
static struct scoreboard *after_board;
static uint64_t *after; /* the end of the segment that ran last */

static void block_fell(unsigned cpu, void *data) {
  (void)cpu;
  const uint32_t number = (uint32_t)(uintptr_t)data;
  if (leaving && segments[number].address == left_to) {
    interrupt_resume();
    leaving = false;
  }
  count_fall(number);
}

static void watch_head(struct block *block, uint32_t head, uint32_t tail, const decoded *last) {
  (void)tail, (void)last;
  const scoreboard_word word = {after_board, 0};
  qemu_plugin_register_vcpu_tb_exec_cond_cb(block, block_fell, NO_REGISTERS, IF_EQUAL, word,
                                            segments[head].address, (void *)(uintptr_t)head);
}

static void watch_end(struct instruction *first, uint64_t end) {
  const scoreboard_word word = {after_board, 0};
  qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(first, INLINE_STORE, word, end);
}

static bool just_fell(uint32_t head) {
  return *after == segments[head].address;
}
#else
typedef struct {
  uint32_t head, tail;      /* first and last segment */
  uint64_t address, last;   /* of the first and the last instruction */
  uint64_t end;             /* maybe too far: QEMU 7 looks at what lies behind a block */
  const uint64_t *finished; /* counter of the last segment */
} known_block;

static const known_block *before; /* the block that ran last */
static uint64_t before_finished;  /* and its last segment's counter as it began */
static bool fell_now;
static known_block **blocks;
static uint32_t block_count;

/* The block before this one either ran to its end, or it was stopped by an access to a device,
 * which was then made by a block of one instruction that shows nowhere; the rest begins here. */
static void block_began(unsigned cpu, void *data) {
  (void)cpu;
  const known_block *b = data, *p = before;
  if (p->head == p->tail || *p->finished != before_finished) {
    fell_now = b->address > p->last && b->address <= p->end;
  } else {
    fell_now = b->address > p->address && b->address < p->end;
  }
  if (leaving && !(fell_now && b->address == left_to)) {
    interrupt_end();
  }
  leaving = false;
  if (fell_now) {
    count_fall(b->head);
  }
  before = b;
  before_finished = *b->finished;
}

static void watch_head(struct block *block, uint32_t head, uint32_t tail, const decoded *last) {
  /* Blocks with the same head form a list, in the order of their numbers: there are few. */
  static uint32_t *first_of, *next_of, sizes;
  while (sizes <= head) {
    const uint32_t size = sizes ? 2 * sizes : CHUNK;
    first_of = checked(realloc(first_of, size * sizeof *first_of));
    memset(first_of + sizes, 0, (size - sizes) * sizeof *first_of);
    sizes = size;
  }
  for (uint32_t i = first_of[head]; i; i = next_of[i - 1]) {
    if (blocks[i - 1]->tail == tail) {
      qemu_plugin_register_vcpu_tb_exec_cb(block, block_began, NO_REGISTERS, blocks[i - 1]);
      return;
    }
  }
  known_block *b = checked(malloc(sizeof *b));
  *b = (known_block){head,
                     tail,
                     segments[head].address,
                     last->address,
                     last->address + last->size,
                     &chunks[tail / CHUNK]->now[EXECUTED][tail % CHUNK]};
  blocks = checked(realloc(blocks, (block_count + 1) * sizeof *blocks));
  next_of = checked(realloc(next_of, (block_count + 1) * sizeof *next_of));
  blocks[block_count] = b;
  next_of[block_count] = first_of[head];
  first_of[head] = ++block_count;
  if (!before) {
    before = b;
    before_finished = *b->finished;
  }
  qemu_plugin_register_vcpu_tb_exec_cb(block, block_began, NO_REGISTERS, b);
}

static void watch_end(struct instruction *first, uint64_t end) {
  (void)first, (void)end;
}

static bool just_fell(uint32_t head) {
  (void)head;
  return fell_now;
}
#endif

/* ---- what begins and ends regions ---- */

/* QEMU 7 calls back for loads where stores are asked for, and the other way round; so these ask for
 * both and look for themselves. */

static void marking(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  (void)cpu, (void)data;
  const uint64_t k = (address - marks_address) / 4;
  if (!qemu_plugin_mem_is_store(info) || address < marks_address || k >= marks_count) {
    return;
  }
  region_enter((int32_t)k);
  if (k == marks_count - 1 && stopper.high == 0) {
    pass_end();
  }
}

static bool all_marked(void) {
  return pass_is_open() && region_now() == (int32_t)marks_count - 1 && pass_has_regions();
}

static void starting(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  (void)cpu, (void)data;
  if (qemu_plugin_mem_is_store(info) && !in_any(&memory, address)) {
    pass_restart((int32_t)marks_count - 1);
  }
}

static void stopping(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  (void)cpu, (void)data;
  if (!qemu_plugin_mem_is_store(info) && !in_any(&memory, address) && all_marked()) {
    pass_end();
  }
}

/* A callback before an instruction comes after the note that its block fell into it, which belongs
 * to what begins here. */
static uint64_t *hold_back(uint32_t number) {
  uint64_t *fell = &chunks[number / CHUNK]->now[FELL][number % CHUNK];
  if (!segments[number].head || !just_fell(number)) {
    return NULL;
  }
  --*fell;
  return fell;
}

static void at_border(unsigned cpu, void *data) {
  (void)cpu;
  const uint32_t number = (uint32_t)(uintptr_t)data;
  const uint64_t address = segments[number].address;
  uint64_t *fell = hold_back(number);
  if (pass_is_open() && foreign.items[region_now()].high == address) {
    pass_end();
  }
  for (uint32_t i = 0; i < foreign.count && !pass_is_open(); i++) {
    if (foreign.items[i].low == address) {
      region_enter((int32_t)i);
    }
  }
  if (fell) {
    ++*fell;
  }
}

static void at_handler(unsigned cpu, void *data) {
  (void)cpu;
  uint64_t *fell = hold_back((uint32_t)(uintptr_t)data);
  leaving = false;
  interrupt_begin();
  if (fell) {
    ++*fell;
  }
}

static void at_leave(unsigned cpu, void *data) {
  (void)cpu;
  left_to = (uint64_t)(uintptr_t)data;
#if SCOREBOARDS
  leaving = interrupt_end(); /* its own segment has been counted */
#else
  leaving = true; /* it has not: QEMU 7 adds after all callbacks */
#endif
}

/* ---- translation ---- */

static bool starts_with(const ranges *all, uint64_t address) {
  for (uint32_t i = 0; i < all->count; i++) {
    if (all->items[i].low == address) {
      return true;
    }
  }
  return false;
}

static bool is_border(uint64_t address) {
  for (uint32_t i = 0; i < foreign.count; i++) {
    if (foreign.items[i].low == address || foreign.items[i].high == address) {
      return true;
    }
  }
  return false;
}

static bool ends_segment(uint64_t address, uint64_t end) {
  if (!in_any(&known, address) || inside(&marker, address) || inside(&starter, address) ||
      inside(&stopper, address) || is_border(end) || starts_with(&handlers, end)) {
    return true;
  }
  uint64_t low = 0, high = cut_count;
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    if (cuts[middle] < address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < cut_count && cuts[low] == address;
}

static void watch(struct instruction *instruction, uint64_t address, uint64_t end) {
  if (inside(&marker, address)) {
    qemu_plugin_register_vcpu_mem_cb(instruction, marking, NO_REGISTERS, READS_AND_WRITES, NULL);
  }
  if (inside(&starter, address)) {
    qemu_plugin_register_vcpu_mem_cb(instruction, starting, NO_REGISTERS, READS_AND_WRITES, NULL);
  }
  if (inside(&stopper, address)) {
    qemu_plugin_register_vcpu_mem_cb(instruction, stopping, NO_REGISTERS, READS_AND_WRITES, NULL);
  }
  if (starts_with(&leaves, address)) {
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, at_leave, NO_REGISTERS,
                                           (void *)(uintptr_t)end);
  }
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
  void *data = (void *)(uintptr_t)number;
  if (is_border(wanted.address)) {
    qemu_plugin_register_vcpu_insn_exec_cb(first, at_border, NO_REGISTERS, data);
  }
  if (starts_with(&handlers, wanted.address)) {
    qemu_plugin_register_vcpu_insn_exec_cb(first, at_handler, NO_REGISTERS, data);
  }
  cache_watch_segment(first, number);
  segment_count_inline(first, number);
  watch_end(first, stop);
  for (size_t i = begin; i < end; i++) {
    struct instruction *instruction = qemu_plugin_tb_get_insn(block, i);
    cache_watch_instruction(instruction, number);
    watch(instruction, d[i].address, d[i].address + d[i].size);
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
#if SCOREBOARDS
  if (!after) { /* QEMU does not allow it before the processor exists */
    after = qemu_plugin_scoreboard_find(after_board, 0);
  }
#endif
  for (size_t i = 0; i < count; i++) {
    decode(block, i, &d[i]);
    if (i && d[i].address - d[i - 1].address < d[i - 1].size) {
      /* Near the end of a page QEMU 7 looks at the next instruction too early. */
      d[i - 1].size = (uint8_t)(d[i].address - d[i - 1].address);
    }
  }
  for (size_t i = 0, begin = 0; i < count; i++) {
    if (i + 1 == count || ends_segment(d[i].address, d[i].address + d[i].size)) {
      tail = add_segment(block, d, begin, i + 1);
      head = begin ? head : tail;
      begin = i + 1;
    }
  }
  watch_head(block, head, tail, &d[count - 1]);
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

/* Up to four numbers separated by colons; ends the emulator where there are not `wanted`. */
static void numbers(const char *name, const char *text, unsigned wanted, uint64_t *to) {
  for (unsigned i = 0; i < wanted; i++) {
    char *end;
    errno = 0;
    to[i] = strtoull(text, &end, 0);
    if (end == text || errno || *end != (i + 1 < wanted ? ':' : 0)) {
      bl_fail("a wrong value of the argument", name);
    }
    text = end + 1;
  }
}

static void read_cuts(int file) {
  struct stat about;
  uint64_t *words = NULL;
  if (fstat(file, &about) || about.st_size < 16) {
    bl_fail("cannot read the addresses at which segments end", NULL);
  }
  words = checked(malloc((size_t)about.st_size));
  if (pread(file, words, (size_t)about.st_size, 0) != about.st_size ||
      (uint64_t)about.st_size != 8 * (2 + 2 * words[0] + words[1])) {
    bl_fail("cannot read the addresses at which segments end", NULL);
  }
  for (uint64_t i = 0; i < words[0]; i++) {
    append(&known, (range){words[2 + 2 * i], words[3 + 2 * i]});
  }
  cuts = words + 2 + 2 * words[0];
  cut_count = words[1];
}

static void argument(const char *name, const char *value) {
  uint64_t n[4] = {0};
  if (!strcmp(name, "cache")) {
    cache_add(value);
    return;
  }
  const bool single = !strcmp(name, "fd") || !strcmp(name, "cuts") || !strcmp(name, "handler") ||
                      !strcmp(name, "leave");
  numbers(name, value, single ? 1 : !strcmp(name, "marks") ? 4 : 2, n);
  const range r = {n[0], n[1]};
  if (!strcmp(name, "fd")) {
    bl_record_open((int)n[0]);
  } else if (!strcmp(name, "cuts")) {
    read_cuts((int)n[0]);
  } else if (!strcmp(name, "marks")) {
    marks_address = n[0];
    marks_count = (uint32_t)n[1];
    marker = (range){n[2], n[3]};
  } else if (!strcmp(name, "memory")) {
    append(&memory, r);
  } else if (!strcmp(name, "start")) {
    starter = r;
  } else if (!strcmp(name, "stop")) {
    stopper = r;
  } else if (!strcmp(name, "region")) {
    append(&foreign, r);
  } else if (!strcmp(name, "handler")) {
    append(&handlers, r);
  } else if (!strcmp(name, "leave")) {
    append(&leaves, r);
  } else {
    bl_fail("an unknown argument", name);
  }
}

static void write_head(void) {
  static const char *const names[] = {"executed", "fell"};
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
  bool has_output = false;
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
    has_output |= !strcmp(argv[i], "fd");
    argument(argv[i], value);
  }
  if (!has_output) {
    bl_fail("no fd=N to write to", NULL);
  }
  regions_init(marks_count ? marks_count : foreign.count);
  write_head();
  struct sigaction action = {.sa_handler = at_abort};
  sigaction(SIGABRT, &action, NULL);
#if SCOREBOARDS
  after_board = qemu_plugin_scoreboard_new(sizeof(uint64_t));
#endif
#if USERDATA_EVERYWHERE
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate, NULL);
#else
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
#endif
  qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  return 0;
}
