/* A 16550 UART, as most boards that QEMU makes up have one, with registers of one byte.
 *
 * A board defines these and includes this file; it waits for a byte in its own way:
 *   UART           address
 *   UART_STEP      bytes from one register to the next
 */
#ifndef BL_UART16550_H
#define BL_UART16550_H

#include "hal.h"

#define UART16550(number) (*(volatile uint8_t *)((UART) + (UART_STEP) * (number)))
enum {
  UART16550_DATA,
  UART16550_INTERRUPTS,
  UART16550_FIFO,
  UART16550_LINE, /* 3: 8 bits; 0x80: the first two registers are the divider */
  UART16550_STATUS = 5,
};

static inline void uart16550_init(void) {
  UART16550(UART16550_LINE) = 0x80;
  UART16550(0) = 1; /* as fast as it goes: QEMU keeps to it in virtual time */
  UART16550(1) = 0;
  UART16550(UART16550_LINE) = 3;
  UART16550(UART16550_FIFO) = 1;
  UART16550(UART16550_INTERRUPTS) = 1; /* received */
}

static inline int uart16550_received(void) {
  return UART16550(UART16550_STATUS) & 1;
}

static inline int uart16550_getc(void) {
  return UART16550(UART16550_DATA);
}

void hal_putc(char c) {
  while (!(UART16550(UART16550_STATUS) & 0x20)) {
  }
  UART16550(UART16550_DATA) = (uint8_t)c;
}

#endif
