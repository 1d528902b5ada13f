/* BBC micro:bit as QEMU emulates it: an nRF51822. Registers: Nordic nRF51 reference manual 3.0. */
#include "hal.h"
#include "wake.h"

#define UART ((volatile uint32_t *)0x40002000)
#define UART_IRQ 2
enum {
  START_RECEIVE = 0x000 / 4,
  START_TRANSMIT = 0x008 / 4,
  RECEIVED = 0x108 / 4,
  TRANSMITTED = 0x11C / 4,
  ENABLE_INTERRUPT = 0x304 / 4, /* bit 2: received */
  ENABLE = 0x500 / 4,           /* 4: on */
  RECEIVE_DATA = 0x518 / 4,
  TRANSMIT_DATA = 0x51C / 4,
};

#define TIMER0 ((volatile uint32_t *)0x40008000)
enum {
  START = 0x000 / 4,
  STOP = 0x004 / 4,
  CLEAR = 0x00C / 4,
  CAPTURE = 0x040 / 4,
  BITS = 0x508 / 4,      /* 3: 32 */
  PRESCALER = 0x510 / 4, /* 16 MHz / 2^prescaler */
  CAPTURED = 0x540 / 4,
};

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 8000000;

void hal_init(void) {
  UART[ENABLE] = 4;
  UART[START_RECEIVE] = 1;
  UART[START_TRANSMIT] = 1;
  UART[ENABLE_INTERRUPT] = 1 << 2;
}

int hal_getc(void) {
  bl_wake_begin(UART_IRQ);
  while (!UART[RECEIVED]) {
    bl_sleep();
  }
  UART[RECEIVED] = 0;
  const int byte = (int)(UART[RECEIVE_DATA] & 0xFF);
  bl_wake_end(UART_IRQ);
  return byte;
}

void hal_putc(char c) {
  UART[TRANSMITTED] = 0;
  UART[TRANSMIT_DATA] = (uint8_t)c;
  while (!UART[TRANSMITTED]) {
  }
}

/* 8 MHz, because QEMU rounds to whole nanoseconds at every reading: 16 MHz would drift. */
void hal_timer_start(void) {
  TIMER0[BITS] = 3;
  TIMER0[PRESCALER] = 1;
  TIMER0[CLEAR] = 1;
  TIMER0[START] = 1;
}

uint32_t hal_timer_ticks(void) {
  TIMER0[CAPTURE] = 1;
  return TIMER0[CAPTURED];
}

void hal_timer_stop(void) {
  TIMER0[STOP] = 1;
}
