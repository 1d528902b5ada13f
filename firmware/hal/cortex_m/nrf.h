/* hal.h on UART and TIMER of Nordic's nRF51 and nRF52. Registers: Nordic nRF51 reference manual
 * 3.0; nRF52840 product specification 1.7, where this UART is the one without DMA.
 *
 * A board's only C file defines these and includes this file:
 *   UART, UART_IRQ         address, number of its interrupt
 *   TIMER0, DIVIDER        address; the timer counts 16 MHz / 2^DIVIDER
 *   turn_on()              does what the board needs before the UART is enabled
 */
#include "hal.h"
#include "wake.h"

enum {
  START_RECEIVE = 0x000 / 4,
  START_TRANSMIT = 0x008 / 4,
  RECEIVED = 0x108 / 4,
  TRANSMITTED = 0x11C / 4,
  ENABLE_INTERRUPT = 0x304 / 4, /* bit 2: received */
  ENABLE = 0x500 / 4,           /* 4: on */
  PIN_TRANSMIT = 0x50C / 4,     /* bits 0 to 4: pin, bit 5: port */
  PIN_RECEIVE = 0x514 / 4,
  RECEIVE_DATA = 0x518 / 4,
  TRANSMIT_DATA = 0x51C / 4,
  BAUD_RATE = 0x524 / 4,
};

enum {
  START = 0x000 / 4,
  STOP = 0x004 / 4,
  CLEAR = 0x00C / 4,
  CAPTURE = 0x040 / 4,
  BITS = 0x508 / 4,      /* 3: 32 */
  PRESCALER = 0x510 / 4, /* 16 MHz / 2^prescaler */
  CAPTURED = 0x540 / 4,
};

static volatile uint32_t *const uart = (volatile uint32_t *)UART;
static volatile uint32_t *const timer = (volatile uint32_t *)TIMER0;

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 16000000 >> DIVIDER;

static void turn_on(void);

void hal_init(void) {
  turn_on();
  uart[ENABLE] = 4;
  uart[START_RECEIVE] = 1;
  uart[START_TRANSMIT] = 1;
  uart[ENABLE_INTERRUPT] = 1 << 2;
}

int hal_getc(void) {
  bl_wake_begin(UART_IRQ, 1);
  while (!uart[RECEIVED]) {
    bl_sleep();
  }
  uart[RECEIVED] = 0;
  const int byte = (int)(uart[RECEIVE_DATA] & 0xFF);
  bl_wake_end(UART_IRQ, 1);
  return byte;
}

void hal_putc(char c) {
  uart[TRANSMITTED] = 0;
  uart[TRANSMIT_DATA] = (uint8_t)c;
  while (!uart[TRANSMITTED]) {
  }
}

void hal_timer_start(void) {
  timer[BITS] = 3;
  timer[PRESCALER] = DIVIDER;
  timer[CLEAR] = 1;
  timer[START] = 1;
}

uint32_t hal_timer_ticks(void) {
  timer[CAPTURE] = 1;
  return timer[CAPTURED];
}

void hal_timer_stop(void) {
  timer[STOP] = 1;
}
