#include "cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "segments.h"

#define CACHES_MAX ((COLUMNS_MAX - FIRST_EVENT) / 2)

typedef struct {
  char names[2][64]; /* of its two columns */
  char kind;
  uint32_t line_bytes, sets, ways;
  uint64_t low, high;
  uint64_t *lines; /* of each set the line numbers, the last used first */
} cache;

static cache caches[CACHES_MAX];
static unsigned cache_count;
static uint64_t sequential; /* the address behind what was fetched last */

void cache_add(const char *text) {
  char name[40] = "";
  int end = 0;
  if (cache_count == CACHES_MAX) {
    bl_fail("too many caches", NULL);
  }
  cache *c = &caches[cache_count];
  if (sscanf(text, "%39[^:]:%c:%" SCNu32 ":%" SCNu32 ":%" SCNu32 ":%" SCNi64 ":%" SCNi64 "%n", name,
             &c->kind, &c->line_bytes, &c->sets, &c->ways, (int64_t *)&c->low, (int64_t *)&c->high,
             &end) != 7 ||
      text[end] || !strchr("ids", c->kind) || !c->line_bytes || !c->sets || !c->ways ||
      (uint64_t)c->sets * c->ways > 1 << 20) {
    bl_fail("cache=NAME:i|d|s:LINE:SETS:WAYS:LOW:HIGH is needed", text);
  }
  snprintf(c->names[0], sizeof c->names[0], c->kind == 'i' ? "%s_jump_miss" : "%s_read_miss", name);
  snprintf(c->names[1], sizeof c->names[1], c->kind == 'i' ? "%s_miss" : "%s_write_miss", name);
  if (c->kind == 's') {
    const cache *other = c - 1;
    if (!cache_count || other->kind != 'i' || other->line_bytes != c->line_bytes ||
        other->sets != c->sets || other->ways != c->ways) {
      bl_fail("a cache of kind s needs one of kind i and of its shape before it", text);
    }
    c->kind = 'd';
    c->lines = other->lines;
  } else {
    const size_t bytes = (size_t)c->sets * c->ways * sizeof *c->lines;
    c->lines = memset(checked(malloc(bytes)), 0xFF, bytes);
  }
  cache_count++;
  columns += 2;
}

const char *cache_column(unsigned column) {
  const unsigned k = column - FIRST_EVENT;
  return caches[k / 2].names[k % 2];
}

/* Returns whether the line has to be read; afterwards it is the one used last. */
static bool misses(cache *c, uint64_t line) {
  uint64_t *set = c->lines + line % c->sets * c->ways;
  uint32_t way = 0;
  while (way < c->ways - 1 && set[way] != line) {
    way++;
  }
  const bool missed = set[way] != line;
  memmove(set + 1, set, way * sizeof *set);
  set[0] = line;
  return missed;
}

/* Lines that `bytes` at `address` touch; each miss counts in the column, the first in `first`. */
static void touch(unsigned index, uint32_t number, uint64_t address, uint32_t bytes, unsigned first,
                  unsigned rest) {
  cache *c = &caches[index];
  if (address < c->low || address >= c->high) {
    return;
  }
  chunk *at = chunks[number / CHUNK];
  unsigned column = FIRST_EVENT + 2 * index + first;
  for (uint64_t line = address / c->line_bytes; line <= (address + bytes - 1) / c->line_bytes;
       line++) {
    at->now[column][number % CHUNK] += misses(c, line);
    column = FIRST_EVENT + 2 * index + rest;
  }
}

static void fetching(unsigned cpu, void *data) {
  (void)cpu;
  const uint32_t number = (uint32_t)(uintptr_t)data;
  const segment *s = &segments[number];
  const bool jumped = s->address != sequential;
  for (unsigned i = 0; i < cache_count; i++) {
    if (caches[i].kind == 'i') {
      touch(i, number, s->address, s->bytes, jumped ? 0 : 1, 1);
    }
  }
  sequential = s->address + s->bytes;
}

static void accessing(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  (void)cpu;
  const unsigned write = qemu_plugin_mem_is_store(info);
  for (unsigned i = 0; i < cache_count; i++) {
    if (caches[i].kind == 'd') {
      touch(i, (uint32_t)(uintptr_t)data, address, 1, write, write);
    }
  }
}

static bool any(char kind) {
  for (unsigned i = 0; i < cache_count; i++) {
    if (caches[i].kind == kind) {
      return true;
    }
  }
  return false;
}

void cache_watch_segment(struct instruction *first, uint32_t number) {
  if (any('i')) {
    qemu_plugin_register_vcpu_insn_exec_cb(first, fetching, NO_REGISTERS,
                                           (void *)(uintptr_t)number);
  }
}

void cache_watch_instruction(struct instruction *instruction, uint32_t number) {
  if (any('d')) {
    qemu_plugin_register_vcpu_mem_cb(instruction, accessing, NO_REGISTERS, READS_AND_WRITES,
                                     (void *)(uintptr_t)number);
  }
}
