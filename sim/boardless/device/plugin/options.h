/* The plugin's options on QEMU's command line: numbers in any C notation, ranges without their
 * high end.
 *
 *   probe=on           only says that the plugin can be loaded, and ends the emulator
 *   fd=N               where the counts go, see record.h
 *   cuts=N             file of u64: number of ranges R, number of addresses A, R x (low, high),
 *                      A addresses. Within the ranges a segment ends behind an instruction at
 *                      one of the addresses (in rising order), outside behind every one
 *   marks=ADDRESS:K:LOW:HIGH  a store into word k of K at ADDRESS, made by code in the range,
 *                      begins region k; region K-1 is what lies around the others
 *   memory=LOW:HIGH    plain memory; anything else is a device (may be repeated)
 *   start=LOW:HIGH     a pass begins when code in the range has written to a device
 *   stop=LOW:HIGH      a pass ends when code in the range accesses a device, after mark K-1
 *   start_at=ADDRESS, stop_at=ADDRESS  instead, for timers that are no devices: before the
 *                      instruction there (may be repeated)
 *   region=BEGIN:END   instead of marks: a pass from one instruction to another (may be repeated)
 *   handler=ADDRESS    an interrupt handler begins here (may be repeated)
 *   leave=ADDRESS      the instruction by which a handler returns (may be repeated)
 *   cache=...          see cache.h (may be repeated)
 */
#ifndef BL_OPTIONS_H
#define BL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint64_t low, high;
} range;

typedef struct {
  range *items;
  uint32_t count;
} ranges;

typedef struct {
  ranges known;   /* code whose cuts are known */
  uint64_t *cuts; /* in rising order */
  uint64_t cut_count;
  range marker, starter, stopper; /* code */
  uint64_t marks_address;
  uint32_t marks_count;
  ranges memory;
  ranges regions;                             /* from one instruction to another */
  ranges handlers, leaves, start_at, stop_at; /* only `low` is used */
  bool has_output;
} plugin_options;

extern plugin_options options;

void options_set(const char *name, const char *value);

bool inside(const range *r, uint64_t address);
bool in_any(const ranges *all, uint64_t address);
bool starts_with(const ranges *all, uint64_t address); /* one of them begins there */

/* Returns whether a segment ends behind the instruction at `address`. */
bool options_cut(uint64_t address);

#endif
