/* The borders of regions: stores of marks, the board's timer, instructions, interrupts. */
#ifndef BL_BORDER_H
#define BL_BORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

/* Returns whether a segment has to end behind the instruction from `address` to `end`. */
bool border_between(uint64_t address, uint64_t end);

void border_watch_segment(struct instruction *first, uint32_t number);
void border_watch_instruction(struct instruction *instruction, uint64_t address, uint64_t end);

#endif
