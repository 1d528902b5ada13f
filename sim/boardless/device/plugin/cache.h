/* Caches, simulated as the program runs: least recently used, filled on reads and writes. It costs
 * time, so it is off unless asked for:
 *
 *   cache=NAME:KIND:LINE:SETS:WAYS:LOW:HIGH   KIND is i (code), d (data) or s (data, in the lines
 *                                             of the i before it); LINE in bytes
 *
 * Only addresses in LOW..HIGH-1 go through it. Misses are columns of the counts:
 *   i   NAME_jump_miss (the instruction was reached by a jump), NAME_miss (in sequence); of a
 *       segment, and so of its first instruction
 *   d,s NAME_read_miss, NAME_write_miss; of a segment, and so of its last instruction
 */
#ifndef BL_CACHE_H
#define BL_CACHE_H

#include <stdint.h>

#include "abi.h"

void cache_add(const char *text);
const char *cache_column(unsigned column);
void cache_watch_segment(struct instruction *first, uint32_t number);
void cache_watch_instruction(struct instruction *instruction, uint32_t number);

#endif
