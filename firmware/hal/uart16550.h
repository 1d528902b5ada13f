/* The UART of the PC, NS16550, with registers of one byte, `step` bytes apart. */
#ifndef BL_UART16550_H
#define BL_UART16550_H

#include <stdint.h>

#define UART16550(base, step, number) (*(volatile uint8_t *)((base) + (step) * (number)))
enum {
  UART16550_DATA,
  UART16550_INTERRUPTS,
  UART16550_FIFO,
  UART16550_LINE, /* 3: 8 bits; 0x80: the first two registers are the divider */
  UART16550_STATUS = 5,
};

static inline void uart16550_init(uintptr_t base, uintptr_t step) {
  UART16550(base, step, UART16550_LINE) = 0x80;
  UART16550(base, step, 0) = 1; /* as fast as it goes: QEMU keeps to it in virtual time */
  UART16550(base, step, 1) = 0;
  UART16550(base, step, UART16550_LINE) = 3;
  UART16550(base, step, UART16550_FIFO) = 1;
  UART16550(base, step, UART16550_INTERRUPTS) = 1; /* received */
}

static inline int uart16550_received(uintptr_t base, uintptr_t step) {
  return UART16550(base, step, UART16550_STATUS) & 1;
}

static inline int uart16550_getc(uintptr_t base, uintptr_t step) {
  return UART16550(base, step, UART16550_DATA);
}

static inline void uart16550_putc(uintptr_t base, uintptr_t step, char c) {
  while (!(UART16550(base, step, UART16550_STATUS) & 0x20)) {
  }
  UART16550(base, step, UART16550_DATA) = (uint8_t)c;
}

#endif
