/* The ways to reach a block: by fall-through from the instruction before, or by a branch. */
#ifndef BL_ENTRY_H
#define BL_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "options.h"

void entry_init(void);

/* Counts falls into a block; `head` and `tail` are its first and last segment, `last` is the extent
 * of its last instruction. */
void entry_watch_head(struct block *block, uint32_t head, uint32_t tail, const range *last);

/* A segment ends at `end`; `first` is its first instruction. */
void entry_watch_end(struct instruction *first, uint64_t end);

/* Returns whether the running block, which begins with `head`, was reached by fall-through. */
bool entry_fell(uint32_t head);

/* An interrupt handler may have been left by the instruction before the address `left_to`, unless
 * execution falls through to it: returns can be conditional. */
extern uint64_t left_to;
extern bool leaving;

#endif
