/* The table only grows by code that was not seen before: translating it again finds its number. */
#include "segments.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"

unsigned columns = FIRST_EVENT;
uint32_t segment_count, chunk_count;
segment *segments;
chunk **chunks;

static uint32_t *table; /* number + 1, 0 where free; its size is a power of two */
static uint32_t table_size;

void *checked(void *memory) {
  if (!memory) {
    bl_fail("out of memory", NULL);
  }
  return memory;
}

static uint32_t hash_of(const segment *s) {
  uint32_t hash = (uint32_t)(s->address ^ s->address >> 32) * UINT32_C(2654435761) + s->head;
  for (uint32_t i = 0; i < (uint32_t)s->instructions + s->bytes; i++) {
    hash = (hash ^ s->code[i]) * UINT32_C(16777619);
  }
  return hash ^ hash >> 15;
}

static bool same(const segment *a, const segment *b) {
  return a->hash == b->hash && a->address == b->address && a->head == b->head &&
         a->instructions == b->instructions && a->bytes == b->bytes &&
         !memcmp(a->code, b->code, (size_t)a->instructions + a->bytes);
}

/* Returns the place of `wanted` in the table, or the free place where it belongs. */
static uint32_t place(const segment *wanted) {
  uint32_t at = wanted->hash & (table_size - 1);
  while (table[at] && !same(&segments[table[at] - 1], wanted)) {
    at = (at + 1) & (table_size - 1);
  }
  return at;
}

static void grow(void) {
  const uint32_t size = table_size ? 2 * table_size : 4 * CHUNK;
  free(table);
  table = checked(calloc(size, sizeof *table));
  table_size = size;
  segments = checked(realloc(segments, size / 2 * sizeof *segments));
  for (uint32_t i = 0; i < segment_count; i++) {
    table[place(&segments[i])] = i + 1;
  }
}

static void add_chunk(void) {
  chunks = checked(realloc(chunks, (chunk_count + 1) * sizeof(chunk *)));
  chunk *c = checked(calloc(1, sizeof *c));
#if SCOREBOARDS
  c->board = qemu_plugin_scoreboard_new(CHUNK * sizeof(uint64_t));
  c->now[EXECUTED] = qemu_plugin_scoreboard_find(c->board, 0);
#else
  c->now[EXECUTED] = checked(calloc(CHUNK, sizeof(uint64_t)));
#endif
  for (unsigned k = FALLTHROUGH; k < columns; k++) {
    c->now[k] = checked(calloc(CHUNK, sizeof(uint64_t)));
  }
  chunks[chunk_count++] = c;
}

uint32_t segment_find(const segment *wanted) {
  segment s = *wanted;
  if (2 * (segment_count + 1) > table_size) {
    grow();
  }
  s.hash = hash_of(&s);
  const uint32_t at = place(&s);
  if (table[at]) {
    return table[at] - 1;
  }
  if (segment_count == chunk_count * CHUNK) {
    add_chunk();
  }
  const size_t bytes = (size_t)s.instructions + s.bytes;
  s.code = memcpy(checked(malloc(bytes)), s.code, bytes);
  segments[segment_count] = s;
  table[at] = ++segment_count;
  return segment_count - 1;
}

void segment_count_inline(struct instruction *first, uint32_t number) {
  chunk *c = chunks[number / CHUNK];
#if SCOREBOARDS
  const scoreboard_word word = {c->board, number % CHUNK * sizeof(uint64_t)};
  qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(first, INLINE_ADD, word, 1);
#else
  qemu_plugin_register_vcpu_insn_exec_inline(first, INLINE_ADD, &c->now[EXECUTED][number % CHUNK],
                                             1);
#endif
}
