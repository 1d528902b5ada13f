/* Counters only ever grow; a region gets what they grew by while it was running. A pass is written
 * as its difference from the one before, because most of it does not depend on the input.
 */
#include "regions.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "segments.h"

typedef struct {
  uint64_t *value[COLUMNS_MAX]; /* per segment */
  uint32_t size;                /* segments there is room for */
  uint32_t interrupts, kept;    /* handlers that ran; those that could not be taken out */
} tally;

static tally outside, aside; /* aside: what runs since a handler began */
static tally *now, *last;    /* of each region, in this pass and in the one before */
static uint32_t region_count;
static int32_t region = OUTSIDE;
static bool open_pass, entered, finished;
static uint32_t depth; /* of handlers */
static uint32_t written_segments, passes, repeats;

void regions_init(uint32_t count) {
  region_count = count;
  now = checked(calloc(count + 1, sizeof *now));
  last = checked(calloc(count + 1, sizeof *last));
}

static void fit(tally *t) {
  const uint32_t size = chunk_count * CHUNK;
  for (unsigned k = 0; t->size < size && k < columns; k++) {
    t->value[k] = checked(realloc(t->value[k], size * sizeof(uint64_t)));
    memset(t->value[k] + t->size, 0, (size - t->size) * sizeof(uint64_t));
  }
  t->size = size;
}

static void clear(tally *t) {
  for (unsigned k = 0; k < columns && t->size; k++) {
    memset(t->value[k], 0, t->size * sizeof(uint64_t));
  }
  t->interrupts = t->kept = 0;
}

static void move(tally *from, tally *to) {
  fit(from);
  fit(to);
  for (unsigned k = 0; k < columns; k++) {
    for (uint32_t i = 0; i < from->size; i++) {
      to->value[k][i] += from->value[k][i];
    }
  }
  to->interrupts += from->interrupts;
  to->kept += from->kept;
  clear(from);
}

/* Gives `t` what was counted since the last collection. */
static void collect(tally *t) {
  fit(t);
  for (uint32_t i = 0; i < chunk_count; i++) {
    chunk *c = chunks[i];
    const uint32_t first = i * CHUNK;
    const uint32_t used = segment_count - first < CHUNK ? segment_count - first : CHUNK;
    for (unsigned k = 0; k < columns; k++) {
      uint64_t *sum = t->value[k] + first;
      for (uint32_t j = 0; j < used; j++) {
        sum[j] += c->now[k][j] - c->before[k][j];
      }
      memcpy(c->before[k], c->now[k], used * sizeof(uint64_t));
    }
  }
}

static tally *of(int32_t number) {
  return number == OUTSIDE ? &outside : &now[number];
}

/* Attributes the counts since the last call to the current region (or handler). */
static void settle(void) {
  if (!depth) {
    collect(of(region));
    return;
  }
  collect(&aside); /* its end was missed, so nobody can tell it from the region */
  depth = 0;
  move(&aside, of(region));
  of(region)->kept++;
}

/* ---- output ---- */

static void write_segments(void) {
  size_t bytes = 0;
  for (uint32_t i = written_segments; i < segment_count; i++) {
    bytes += 8 + 2 + 2 + (size_t)segments[i].instructions + segments[i].bytes;
  }
  if (!bytes) {
    return;
  }
  bl_record_begin("SEGM", bytes);
  for (; written_segments < segment_count; written_segments++) {
    const segment *s = &segments[written_segments];
    bl_record_bytes(&s->address, 8);
    bl_record_bytes(&s->instructions, 2);
    bl_record_bytes(&s->bytes, 2);
    bl_record_bytes(s->code, (size_t)s->instructions + s->bytes);
  }
}

/* Computes how segment i differs in `t` from `old`. Returns the bytes that each column needs: 0, 4
 * or 8. */
static size_t differ(const tally *t, const tally *old, uint32_t i, int64_t *difference) {
  size_t width = 0;
  for (unsigned k = 0; k < columns; k++) {
    /* Only the head of a block can be reached in more than one way. */
    const unsigned source = k == FALLTHROUGH && !segments[i].head ? EXECUTED : k;
    difference[k] =
        (int64_t)(t->value[source][i] - (old && i < old->size ? old->value[source][i] : 0));
    if (difference[k]) {
      const bool fits = difference[k] >= INT32_MIN && difference[k] <= INT32_MAX;
      width = fits && width < 8 ? 4 : 8;
    }
  }
  return width;
}

/* Most segments are as they were: whole groups of them are passed over. */
#define GROUP 32
static bool group_equal(const tally *t, const tally *old, uint32_t first) {
  for (unsigned k = 0; k < columns; k++) {
    static const uint64_t zero[GROUP];
    const uint64_t *before = old && first < old->size ? old->value[k] + first : zero;
    if (memcmp(t->value[k] + first, before, sizeof zero)) {
      return false;
    }
  }
  return true;
}

/* The number of entries of `width` bytes per column; they are written where `writing`. */
static uint32_t entries(const tally *t, const tally *old, size_t width, bool writing) {
  int64_t difference[COLUMNS_MAX];
  uint32_t count = 0;
  for (uint32_t i = 0; i < t->size && i < segment_count; i++) {
    if (i % GROUP == 0 && group_equal(t, old, i)) {
      i += GROUP - 1;
      continue;
    }
    if (differ(t, old, i, difference) != width) {
      continue;
    }
    count++;
    if (!writing) {
      continue;
    }
    bl_record_u32(i);
    for (unsigned k = 0; k < columns; k++) {
      if (width == 4) {
        bl_record_u32((uint32_t)difference[k]);
      } else {
        bl_record_bytes(&difference[k], 8);
      }
    }
  }
  return count;
}

static void write_tally(const char *kind, int32_t number, const tally *t, const tally *old) {
  const uint32_t narrow = entries(t, old, 4, false), wide = entries(t, old, 8, false);
  bl_record_begin(kind, 20 + narrow * (4 + (size_t)4 * columns) + wide * (4 + (size_t)8 * columns));
  bl_record_u32((uint32_t)number);
  bl_record_u32(t->interrupts);
  bl_record_u32(t->kept);
  bl_record_u32(narrow);
  entries(t, old, 4, true);
  bl_record_u32(wide);
  entries(t, old, 8, true);
}

static bool changed(const tally *t, const tally *old) {
  bool equal = t->interrupts == old->interrupts && t->kept == old->kept;
  for (uint32_t i = 0; equal && i < t->size; i += GROUP) {
    equal = group_equal(t, old, i);
  }
  return !equal;
}

static void write_repeats(void) {
  if (repeats) {
    bl_record_begin("PASS", 4);
    bl_record_u32(repeats);
    repeats = 0;
  }
}

static void write_pass(void) {
  bool any = !passes;
  for (uint32_t r = 0; r < region_count; r++) {
    fit(&now[r]);
    any |= changed(&now[r], &last[r]);
  }
  if (any) {
    write_repeats();
    write_segments();
  }
  for (uint32_t r = 0; r < region_count; r++) {
    if (any && changed(&now[r], &last[r])) {
      write_tally("REGN", (int32_t)r, &now[r], &last[r]);
    }
    const tally spare = last[r];
    last[r] = now[r];
    now[r] = spare;
    clear(&now[r]);
  }
  passes++;
  repeats++;
  bl_record_flush();
}

void regions_finish(int signal) {
  if (finished) {
    return;
  }
  finished = true;
  settle();
  for (uint32_t r = 0; r < region_count; r++) {
    move(&now[r], &outside); /* of a pass that did not end */
  }
  write_repeats();
  write_segments();
  write_tally("OUTS", OUTSIDE, &outside, NULL);
  bl_record_begin("DONE", 16);
  bl_record_u32(passes);
  bl_record_u32(segment_count);
  bl_record_u32((uint32_t)signal);
  bl_record_u32(bl_record_crc());
  bl_record_flush();
}

/* ---- what happens ---- */

bool pass_is_open(void) {
  return open_pass;
}

int32_t region_now(void) {
  return region;
}

bool pass_has_regions(void) {
  return entered;
}

void region_enter(int32_t next) {
  settle();
  region = next;
  open_pass = entered = true;
}

void pass_restart(int32_t first) {
  settle();
  for (uint32_t r = 0; r < region_count; r++) {
    move(&now[r], &outside);
  }
  region = first;
  open_pass = true;
  entered = false;
}

void pass_end(void) {
  settle();
  region = OUTSIDE;
  open_pass = false;
  write_pass();
}

void interrupt_begin(void) {
  if (region == OUTSIDE) {
    return;
  }
  if (!depth) {
    collect(of(region));
  }
  depth++;
  of(region)->interrupts++;
}

bool interrupt_end(void) {
  if (!depth) {
    return false;
  }
  if (--depth == 0) {
    collect(&aside);
    move(&aside, &outside);
  }
  return true;
}

void interrupt_resume(void) {
  if (!depth) {
    collect(of(region));
  }
  depth++;
}
