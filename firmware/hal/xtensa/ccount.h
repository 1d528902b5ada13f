/* The timer of hal.h on the core's own cycle counter. */
#include "free_counter.h"

/* First the window's last register is touched: else an older window might be saved between the
 * reading and where it is stored, and a layer's count by the counter would differ from the
 * plugin's. */
static uint32_t free_counter(void) {
  uint32_t now;
  __asm volatile("mov a15, a15\n\trsr %0, ccount" : "=a"(now));
  return now;
}
