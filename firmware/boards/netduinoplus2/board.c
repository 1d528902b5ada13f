/* Netduino Plus 2 as QEMU emulates it: an STM32F405 whose devices need neither clocks nor pins.
 * Registers: ST RM0090. */
#define USART 0x40011000
#define USART_IRQ 37
#define CORE_HZ 16000000
#include "stm32.h"

static void turn_on(void) {}

/* QEMU's timers run at 1 GHz, whether they are on or not. Its phase is that of the divided clock,
 * so a tick is half an instruction's 64 ns, a power of two. No reload: nothing is ever due. */
static volatile struct {
  uint32_t control, control2, slave, interrupt, status;
  uint32_t event; /* bit 0: begin again from 0 */
  uint32_t mode[2], enable;
  uint32_t count;
  uint32_t prescaler; /* divides by one more */
} *const tim2 = (void *)0x40000000;

const uint32_t hal_timer_hz = 31250000;

void hal_timer_start(void) {
  tim2->prescaler = 31;
  tim2->control = 1;
  tim2->event = 1;
}

uint32_t hal_timer_ticks(void) {
  return tim2->count;
}

void hal_timer_stop(void) {
  tim2->control = 0;
}
