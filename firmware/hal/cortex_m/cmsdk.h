/* UART and timer of Arm's Cortex-M System Design Kit, which Arm's MPS2 and MPS3 images carry.
 * Registers: Arm DDI 0479, "Cortex-M System Design Kit Technical Reference Manual". */
#ifndef BL_CMSDK_H
#define BL_CMSDK_H

#include <stdint.h>

#include "wake.h"

typedef volatile struct {
  uint32_t data;
  uint32_t state;     /* bit 0: transmit buffer full, bit 1: byte received */
  uint32_t ctrl;      /* bits 0, 1: transmit, receive; bit 3: receive interrupt */
  uint32_t interrupt; /* write 2: receive interrupt seen */
  uint32_t baud_divider;
} cmsdk_uart;

static inline void cmsdk_uart_init(cmsdk_uart *uart) {
  uart->baud_divider = 16;
  uart->ctrl = 1 | 2 | 8;
}

static inline int cmsdk_uart_getc(cmsdk_uart *uart, uint32_t receive_irq) {
  bl_wake_begin(receive_irq);
  while (!(uart->state & 2)) {
    bl_sleep();
  }
  const int byte = (int)(uart->data & 0xFF);
  uart->interrupt = 2;
  bl_wake_end(receive_irq);
  return byte;
}

static inline void cmsdk_uart_putc(cmsdk_uart *uart, char c) {
  while (uart->state & 1) {
  }
  uart->data = (uint8_t)c;
}

typedef volatile struct {
  uint32_t ctrl; /* bit 0: run */
  uint32_t value;
  uint32_t reload;
} cmsdk_timer;

static inline void cmsdk_timer_start(cmsdk_timer *timer) {
  timer->reload = UINT32_MAX;
  timer->value = UINT32_MAX;
  timer->ctrl = 1;
}

static inline uint32_t cmsdk_timer_ticks(cmsdk_timer *timer) {
  return UINT32_MAX - timer->value;
}

static inline void cmsdk_timer_stop(cmsdk_timer *timer) {
  timer->ctrl = 0;
}

#endif
