/* STM32F4DISCOVERY: an STM32F407VG at the 16 MHz it starts with, where no access to flash waits.
 * The line is USART2 on PA2 (out) and PA3 (in). Registers: ST RM0090. */
#define USART 0x40004400
#define USART_IRQ 38
#define TIMER 0x40000000
#define CORE_HZ 16000000
#include "stm32.h"

#define RCC_AHB1ENR REGISTER(0x40023830) /* bit 0: GPIOA */
#define RCC_APB1ENR REGISTER(0x40023840) /* bit 0: TIM2, bit 17: USART2 */
#define GPIOA_MODER REGISTER(0x40020000)
#define GPIOA_AFRL REGISTER(0x40020020)

static void turn_on(void) {
  RCC_AHB1ENR |= 1;
  RCC_APB1ENR |= 1 | UINT32_C(1) << 17;
  GPIOA_MODER = (GPIOA_MODER & ~UINT32_C(0xF0)) | 0xA0; /* PA2, PA3: alternate function */
  GPIOA_AFRL = (GPIOA_AFRL & ~UINT32_C(0xFF00)) | 0x7700;
}
