/* One kernel call as a block of memory, so that tests run thousands of them without a rebuild.
 *
 * A record is made of 32-bit words, then data: its bytes, the kernel's number, the status (written
 * here), the number of arguments n, the number of blocks m, n arguments, m pairs of offsets. An
 * argument is an offset from the record's start for a pointer (0: NULL) and the value itself for an
 * integer. A block is what the kernel may touch; all else in the record is guard bytes, which the
 * test checks afterwards. The record starts at a multiple of 16 bytes.
 */
#ifndef BL_RECORD_H
#define BL_RECORD_H

#include "kernel.h"

enum { RECORD_BYTES, RECORD_KERNEL, RECORD_STATUS, RECORD_ARGUMENTS, RECORD_BLOCKS, RECORD_HEAD };

#define BL_POINTER(index) (arguments[index] ? (void *)(base + arguments[index]) : NULL)

typedef bl_status (*bl_record_call)(uint8_t *base, const uint32_t *arguments);

/* Generated from the headers' prototypes: one entry per kernel. */
extern const bl_record_call bl_record_calls[];
extern const uint32_t bl_record_call_count;

/* Runs one record; 0 where its kernel number is unknown. */
static inline int bl_record_run(uint8_t *base) {
  uint32_t *words = (uint32_t *)(void *)base;
  if (words[RECORD_KERNEL] >= bl_record_call_count) {
    return 0;
  }
  words[RECORD_STATUS] = (uint32_t)bl_record_calls[words[RECORD_KERNEL]](base, words + RECORD_HEAD);
  return 1;
}

#endif
