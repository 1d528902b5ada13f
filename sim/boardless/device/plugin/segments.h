/* Code segments and their counters. A segment is instructions in a row of which either all are
 * executed or none: it ends at the end of a block, behind what may access memory (an access to a
 * device stops the block, and the rest comes again in another), and at given addresses.
 */
#ifndef BL_SEGMENTS_H
#define BL_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

enum { EXECUTED, FALLTHROUGH, FIRST_EVENT };
#define COLUMNS_MAX 26
#define CHUNK 1024

typedef struct {
  uint64_t address;
  uint32_t hash;
  uint16_t instructions, bytes;
  bool head;           /* begins a block; what does not is always reached by falling through */
  const uint8_t *code; /* sizes of the instructions, then their bytes */
} segment;

typedef struct {
  uint64_t *now[COLUMNS_MAX]; /* now[EXECUTED] is written by translated code */
  uint64_t before[COLUMNS_MAX][CHUNK];
#if SCOREBOARDS
  struct scoreboard *board;
#endif
} chunk;

extern unsigned columns;       /* in use: 2, and those of caches */
extern uint32_t segment_count; /* numbers run from 0 */
extern uint32_t chunk_count;
extern segment *segments;
extern chunk **chunks;

/* The segment of these instructions: a new number, or the one it has had. `code` is copied. */
uint32_t segment_find(const segment *wanted);

/* Counts the segment each time `first`, its first instruction, is executed. */
void segment_count_inline(struct instruction *first, uint32_t number);

void *checked(void *memory); /* what malloc and its kin return */

#endif
