/* hal.h on USART and 32-bit timer of an STM32. Registers: ST RM0090 (F4), RM0385 (F7).
 *
 * A board's only C file defines these and includes this file:
 *   USART, USART_IRQ       address, number of its interrupt
 *   USART_NEW              where its registers are those of F0, F3, F7, G and L
 *   LPUART                 where it is a low-power one
 *   CORE_HZ                of the core, the USART and the timer
 *   TIMER                  address of TIM2; without it the board has functions of its own
 *   turn_on()              gives clocks to both, and the USART its pins
 * The line has 115200 baud.
 */
#include "hal.h"
#include "wake.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#ifdef USART_NEW
#define USART_CR1 REGISTER(USART) /* 0: on; 2, 3: receive, transmit; 5: receive interrupt */
#define USART_ON 1
#define USART_CR3 REGISTER(USART + 0x08) /* bit 12: go on after an overrun */
#define USART_BRR REGISTER(USART + 0x0C)
#define USART_STATUS REGISTER(USART + 0x1C) /* bit 5: received, bit 7: transmit buffer empty */
#define USART_RECEIVED REGISTER(USART + 0x24)
#define USART_TRANSMIT REGISTER(USART + 0x28)
#else
#define USART_STATUS REGISTER(USART)
#define USART_RECEIVED REGISTER(USART + 0x04)
#define USART_TRANSMIT REGISTER(USART + 0x04)
#define USART_BRR REGISTER(USART + 0x08)
#define USART_CR1 REGISTER(USART + 0x0C)
#define USART_ON (1 << 13)
#endif

#ifdef LPUART
#define BAUD_STEPS 256
#else
#define BAUD_STEPS 1
#endif

static void turn_on(void);

const char hal_board[] = BL_BOARD;

void hal_init(void) {
  turn_on();
  USART_BRR = (CORE_HZ * BAUD_STEPS + 115200 / 2) / 115200;
#ifdef USART_NEW
  USART_CR3 = 1 << 12;
#endif
  USART_CR1 = USART_ON | 1 << 2 | 1 << 3 | 1 << 5;
}

int hal_getc(void) {
  bl_wake_begin(USART_IRQ, 1);
  while (!(USART_STATUS & 1 << 5)) {
    bl_sleep();
  }
  const int byte = (int)(USART_RECEIVED & 0xFF);
  bl_wake_end(USART_IRQ, 1);
  return byte;
}

void hal_putc(char c) {
  while (!(USART_STATUS & 1 << 7)) {
  }
  USART_TRANSMIT = (uint8_t)c;
}

#ifdef TIMER
#define TIM2_CR1 REGISTER(TIMER)
#define TIM2_CNT REGISTER(TIMER + 0x24) /* 32 bits, from 0 up, as fast as the core */

const uint32_t hal_timer_hz = CORE_HZ;

/* The order matters, because QEMU's timer counts even when it is disabled. */
void hal_timer_start(void) {
  TIM2_CR1 = 1;
  TIM2_CNT = 0;
}

uint32_t hal_timer_ticks(void) {
  return TIM2_CNT;
}

void hal_timer_stop(void) {
  TIM2_CR1 = 0;
}
#endif
