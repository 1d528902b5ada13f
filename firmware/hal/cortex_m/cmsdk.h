/* hal.h on UART and timer of Arm's Cortex-M System Design Kit, which Arm's MPS2 and MPS3 images
 * carry. Registers: Arm DDI 0479, "Cortex-M System Design Kit Technical Reference Manual".
 *
 * A board's only C file defines these and includes this file:
 *   UART, RECEIVE_IRQ      address, number of its interrupt
 *   RECEIVE_LINES          where QEMU's versions differ: the one after it may be meant, so 2
 *   TIMER, CLOCK_HZ        the same for the timer; without TIMER the board has functions of its own
 *   SHARED, SHARED_MIB     memory which QEMU can back with a file that the host maps too
 */
#include "hal.h"
#include "wake.h"

#ifndef RECEIVE_LINES
#define RECEIVE_LINES 1
#endif

static volatile struct {
  uint32_t data;
  uint32_t state;     /* bit 0: transmit buffer full, bit 1: byte received */
  uint32_t ctrl;      /* bits 0, 1: transmit, receive; bit 3: receive interrupt */
  uint32_t interrupt; /* write 2: receive interrupt seen */
  uint32_t baud_divider;
} *const uart = (void *)UART;

const char hal_board[] = BL_BOARD;

void hal_init(void) {
  uart->baud_divider = 16;
  uart->ctrl = 1 | 2 | 8;
}

int hal_getc(void) {
  bl_wake_begin(RECEIVE_IRQ, RECEIVE_LINES);
  while (!(uart->state & 2)) {
    bl_sleep();
  }
  const int byte = (int)(uart->data & 0xFF);
  uart->interrupt = 2;
  bl_wake_end(RECEIVE_IRQ, RECEIVE_LINES);
  return byte;
}

void hal_putc(char c) {
  while (uart->state & 1) {
  }
  uart->data = (uint8_t)c;
}

#ifdef TIMER
static volatile struct {
  uint32_t ctrl; /* bit 0: run */
  uint32_t value;
  uint32_t reload;
} *const timer = (void *)TIMER;

const uint32_t hal_timer_hz = CLOCK_HZ;

void hal_timer_start(void) {
  timer->reload = UINT32_MAX;
  timer->value = UINT32_MAX;
  timer->ctrl = 1;
}

uint32_t hal_timer_ticks(void) {
  return UINT32_MAX - timer->value;
}

void hal_timer_stop(void) {
  timer->ctrl = 0;
}
#endif

uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = UINT32_C(SHARED_MIB) << 20;
  return (uint8_t *)SHARED;
}
