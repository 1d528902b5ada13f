/* Netduino Plus 2 as QEMU emulates it: an STM32F405. Registers: ST RM0090. */
#include "hal.h"
#include "wake.h"

typedef volatile struct {
  uint32_t status; /* bit 5: byte received, bit 7: transmit buffer empty */
  uint32_t data;
  uint32_t baud;
  uint32_t control; /* bits 2, 3: receive, transmit; bit 5: receive interrupt; bit 13: on */
} stm32_usart;

typedef volatile struct {
  uint32_t control, control2, slave, interrupt, status;
  uint32_t event; /* bit 0: begin again from 0 */
  uint32_t mode[2], enable;
  uint32_t count;
  uint32_t prescaler; /* divides by one more */
} stm32_timer;

#define USART1 ((stm32_usart *)0x40011000)
#define USART1_IRQ 37
#define TIM2 ((stm32_timer *)0x40000000) /* 32 bits */

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 31250000;

void hal_init(void) {
  USART1->control = 1 << 2 | 1 << 3 | 1 << 5 | 1 << 13;
}

int hal_getc(void) {
  bl_wake_begin(USART1_IRQ);
  while (!(USART1->status & 1 << 5)) {
    bl_sleep();
  }
  const int byte = (int)(USART1->data & 0xFF);
  bl_wake_end(USART1_IRQ);
  return byte;
}

void hal_putc(char c) {
  while (!(USART1->status & 1 << 7)) {
  }
  USART1->data = (uint8_t)c;
}

/* QEMU's timers run at 1 GHz, whether they are on or not. Its phase is that of the divided clock,
 * so a tick is half an instruction's 64 ns, a power of two. No reload: nothing is ever due. */
void hal_timer_start(void) {
  TIM2->prescaler = 31;
  TIM2->control = 1;
  TIM2->event = 1;
}

uint32_t hal_timer_ticks(void) {
  return TIM2->count;
}

void hal_timer_stop(void) {
  TIM2->control = 0;
}

uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = 0;
  return 0;
}
