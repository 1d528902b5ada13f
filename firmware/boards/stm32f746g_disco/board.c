/* STM32F746G-DISCO: an STM32F746NG at the 16 MHz it starts with, caches off, where no access to
 * flash waits. The line is the virtual COM port of its ST-LINK: USART1 on PA9 (out) and PB7 (in).
 * Registers: ST RM0385. */
#define USART 0x40011000
#define USART_IRQ 37
#define USART_NEW
#define TIMER 0x40000000
#define CORE_HZ 16000000
#include "stm32.h"

#define RCC_AHB1ENR REGISTER(0x40023830) /* bits 0, 1: GPIOA, GPIOB */
#define RCC_APB1ENR REGISTER(0x40023840) /* bit 0: TIM2 */
#define RCC_APB2ENR REGISTER(0x40023844) /* bit 4: USART1 */
#define GPIOA_MODER REGISTER(0x40020000)
#define GPIOA_AFRH REGISTER(0x40020024)
#define GPIOB_MODER REGISTER(0x40020400)
#define GPIOB_AFRL REGISTER(0x40020420)

static void turn_on(void) {
  RCC_AHB1ENR |= 1 | 1 << 1;
  RCC_APB1ENR |= 1;
  RCC_APB2ENR |= 1 << 4;
  GPIOA_MODER = (GPIOA_MODER & ~(UINT32_C(3) << 18)) | UINT32_C(2) << 18; /* PA9 */
  GPIOA_AFRH = (GPIOA_AFRH & ~UINT32_C(0xF0)) | 0x70;
  GPIOB_MODER = (GPIOB_MODER & ~(UINT32_C(3) << 14)) | UINT32_C(2) << 14; /* PB7 */
  GPIOB_AFRL = (GPIOB_AFRL & ~(UINT32_C(0xF) << 28)) | UINT32_C(7) << 28;
}
