/* Every start-up code does this with its stack, which lies at the bottom of RAM: paint it, see how
 * deep it was used, and, for tests, overflow it. */
#ifndef BL_STACK_H
#define BL_STACK_H

#include <stdint.h>

#define BL_PAINT UINT32_C(0xA5A5A5A5)

/* link.ld */
extern uint32_t bl_data_load[], bl_data_start[], bl_data_end[], bl_bss_start[], bl_bss_end[];
extern uint32_t bl_stack_limit[], bl_stack_top[];

/* Initial data, zeros, and paint up to `here`, the stack pointer. Volatile, so that the compiler
 * makes no library call of it before memory is set up. */
static inline void bl_set_up_memory(const uint32_t *here) {
  volatile uint32_t *to = bl_data_start;
  for (const uint32_t *from = bl_data_load; to < bl_data_end;) {
    *to++ = *from++;
  }
  for (to = bl_bss_start; to < bl_bss_end;) {
    *to++ = 0;
  }
  for (to = bl_stack_limit; to < here;) {
    *to++ = BL_PAINT;
  }
}

static inline uint32_t bl_stack_used(void) {
  const uint32_t *p = bl_stack_limit;
  while (p < bl_stack_top && *p == BL_PAINT) {
    p++;
  }
  return (uint32_t)((const char *)bl_stack_top - (const char *)p);
}

/* Runs down the stack for as long as there is one; the pragma: that is what it is for. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winfinite-recursion"
__attribute__((noinline, unused)) static uint32_t bl_overflow(volatile uint32_t *below) {
  volatile uint32_t frame[64];
  frame[0] = below ? below[0] + 1 : 1;
  return bl_overflow(frame) + frame[0];
}
#pragma GCC diagnostic pop

#endif
