/* An STM32F4 whose line is USART2 on PA2 (out) and PA3 (in): stm32.h with clocks and pins.
 * Registers: ST RM0090, RM0390. */
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
