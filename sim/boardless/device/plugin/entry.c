#include "entry.h"

#include <stdlib.h>
#include <string.h>

#include "regions.h"
#include "segments.h"

uint64_t left_to;
bool leaving;

static void count_fall(uint32_t number) {
  chunks[number / CHUNK]->now[FALLTHROUGH][number % CHUNK]++;
}

#if SCOREBOARDS
static struct scoreboard *after_board;
static uint64_t *after; /* the end of the segment that ran last */

void entry_init(void) {
  after_board = qemu_plugin_scoreboard_new(sizeof(uint64_t));
}

static void block_fell(unsigned cpu, void *data) {
  (void)cpu;
  const uint32_t number = (uint32_t)(uintptr_t)data;
  if (leaving && segments[number].address == left_to) {
    interrupt_resume();
    leaving = false;
  }
  count_fall(number);
}

void entry_watch_head(struct block *block, uint32_t head, uint32_t tail, const range *last) {
  (void)tail, (void)last;
  if (!after) { /* QEMU does not allow it before the processor exists */
    after = qemu_plugin_scoreboard_find(after_board, 0);
  }
  const scoreboard_word word = {after_board, 0};
  qemu_plugin_register_vcpu_tb_exec_cond_cb(block, block_fell, NO_REGISTERS, IF_EQUAL, word,
                                            segments[head].address, (void *)(uintptr_t)head);
}

void entry_watch_end(struct instruction *first, uint64_t end) {
  const scoreboard_word word = {after_board, 0};
  qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(first, INLINE_STORE, word, end);
}

bool entry_fell(uint32_t head) {
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

void entry_init(void) {}

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

void entry_watch_head(struct block *block, uint32_t head, uint32_t tail, const range *last) {
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
  *b = (known_block){head,      tail,       segments[head].address,
                     last->low, last->high, &chunks[tail / CHUNK]->now[EXECUTED][tail % CHUNK]};
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

void entry_watch_end(struct instruction *first, uint64_t end) {
  (void)first, (void)end;
}

bool entry_fell(uint32_t head) {
  (void)head;
  return fell_now;
}
#endif
