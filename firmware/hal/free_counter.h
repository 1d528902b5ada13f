/* The timer of hal.h made of a counter that always runs: a board has free_counter(), and includes
 * this file. */
#include "hal.h"

static uint32_t free_counter(void);
static uint32_t started;

void hal_timer_start(void) {
  started = free_counter();
}

uint32_t hal_timer_ticks(void) {
  return free_counter() - started;
}

void hal_timer_stop(void) {}
