/* STM32F746G-DISCO: an STM32F746NG at the 16 MHz it starts with, caches off, where no access to
 * flash waits. The line is the virtual COM port of its ST-LINK: USART1 on PA9 (out) and PB7 (in),
 * 115200 baud. Registers: ST RM0385. */
#include "hal.h"
#include "wake.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR REGISTER(0x40023830) /* bits 0, 1: GPIOA, GPIOB */
#define RCC_APB1ENR REGISTER(0x40023840) /* bit 0: TIM2 */
#define RCC_APB2ENR REGISTER(0x40023844) /* bit 4: USART1 */
#define GPIOA_MODER REGISTER(0x40020000)
#define GPIOA_AFRH REGISTER(0x40020024)
#define GPIOB_MODER REGISTER(0x40020400)
#define GPIOB_AFRL REGISTER(0x40020420)
#define USART_CR1 REGISTER(0x40011000) /* 0: on; 2, 3: receive, transmit; 5: receive interrupt */
#define USART_CR3 REGISTER(0x40011008) /* bit 12: go on after an overrun */
#define USART_BRR REGISTER(0x4001100C)
#define USART_ISR REGISTER(0x4001101C) /* bit 5: byte received, bit 7: transmit buffer empty */
#define USART_RDR REGISTER(0x40011024)
#define USART_TDR REGISTER(0x40011028)
#define USART1_IRQ 37
#define TIM2_CR1 REGISTER(0x40000000)
#define TIM2_CNT REGISTER(0x40000024) /* 32 bits, from 0 up, as fast as the core */

#define CORE_HZ 16000000u

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = CORE_HZ;

void hal_init(void) {
  RCC_AHB1ENR |= 1 | 1 << 1;
  RCC_APB1ENR |= 1;
  RCC_APB2ENR |= 1 << 4;
  GPIOA_MODER = (GPIOA_MODER & ~(UINT32_C(3) << 18)) | UINT32_C(2) << 18; /* PA9 */
  GPIOA_AFRH = (GPIOA_AFRH & ~UINT32_C(0xF0)) | 0x70;
  GPIOB_MODER = (GPIOB_MODER & ~(UINT32_C(3) << 14)) | UINT32_C(2) << 14; /* PB7 */
  GPIOB_AFRL = (GPIOB_AFRL & ~(UINT32_C(0xF) << 28)) | UINT32_C(7) << 28;
  USART_BRR = (CORE_HZ + 115200 / 2) / 115200;
  USART_CR3 = 1 << 12;
  USART_CR1 = 1 | 1 << 2 | 1 << 3 | 1 << 5;
}

int hal_getc(void) {
  bl_wake_begin(USART1_IRQ);
  while (!(USART_ISR & 1 << 5)) {
    bl_sleep();
  }
  const int byte = (int)(USART_RDR & 0xFF);
  bl_wake_end(USART1_IRQ);
  return byte;
}

void hal_putc(char c) {
  while (!(USART_ISR & 1 << 7)) {
  }
  USART_TDR = (uint8_t)c;
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
