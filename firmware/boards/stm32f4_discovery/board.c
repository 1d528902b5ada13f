/* STM32F4DISCOVERY: an STM32F407VG at the 16 MHz it starts with, where no access to flash waits.
 * The line is USART2 on PA2 (out) and PA3 (in), 115200 baud. Registers: ST RM0090. */
#include "hal.h"
#include "wake.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR REGISTER(0x40023830) /* bit 0: GPIOA */
#define RCC_APB1ENR REGISTER(0x40023840) /* bit 0: TIM2, bit 17: USART2 */
#define GPIOA_MODER REGISTER(0x40020000)
#define GPIOA_AFRL REGISTER(0x40020020)
#define USART_SR REGISTER(0x40004400) /* bit 5: byte received, bit 7: transmit buffer empty */
#define USART_DR REGISTER(0x40004404)
#define USART_BRR REGISTER(0x40004408)
#define USART_CR1 REGISTER(0x4000440C) /* 2, 3: receive, transmit; 5: receive interrupt; 13: on */
#define USART2_IRQ 38
#define TIM2_CR1 REGISTER(0x40000000)
#define TIM2_CNT REGISTER(0x40000024) /* 32 bits, from 0 up, as fast as the core */

#define CORE_HZ 16000000u

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = CORE_HZ;

void hal_init(void) {
  RCC_AHB1ENR |= 1;
  RCC_APB1ENR |= 1 | UINT32_C(1) << 17;
  GPIOA_MODER = (GPIOA_MODER & ~UINT32_C(0xF0)) | 0xA0; /* PA2, PA3: alternate function */
  GPIOA_AFRL = (GPIOA_AFRL & ~UINT32_C(0xFF00)) | 0x7700;
  USART_BRR = (CORE_HZ + 115200 / 2) / 115200;
  USART_CR1 = 1 << 2 | 1 << 3 | 1 << 5 | 1 << 13;
}

int hal_getc(void) {
  bl_wake_begin(USART2_IRQ);
  while (!(USART_SR & 1 << 5)) {
    bl_sleep();
  }
  const int byte = (int)(USART_DR & 0xFF);
  bl_wake_end(USART2_IRQ);
  return byte;
}

void hal_putc(char c) {
  while (!(USART_SR & 1 << 7)) {
  }
  USART_DR = (uint8_t)c;
}

void hal_timer_start(void) {
  TIM2_CNT = 0;
  TIM2_CR1 = 1;
}

uint32_t hal_timer_ticks(void) {
  return TIM2_CNT;
}

void hal_timer_stop(void) {
  TIM2_CR1 = 0;
}

uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = 0;
  return 0;
}
