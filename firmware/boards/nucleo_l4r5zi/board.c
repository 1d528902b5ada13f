/* NUCLEO-L4R5ZI: an STM32L4R5ZI at the 4 MHz it starts with, where no access to flash waits. The
 * line is the virtual COM port of its ST-LINK: LPUART1 on PG7 (out) and PG8 (in), pins that have a
 * supply of their own (ST UM2179). Registers: ST RM0432. */
#define USART 0x40008000
#define USART_IRQ 70
#define USART_NEW
#define LPUART
#define TIMER 0x40000000
#define CORE_HZ 4000000
#include "stm32.h"

#define RCC_AHB2ENR REGISTER(0x4002104C)  /* bit 6: GPIOG */
#define RCC_APB1ENR1 REGISTER(0x40021058) /* bit 0: TIM2, bit 28: PWR */
#define RCC_APB1ENR2 REGISTER(0x4002105C) /* bit 0: LPUART1 */
#define PWR_CR2 REGISTER(0x40007004)      /* bit 9: the supply of PG2 to PG15 is there */
#define GPIOG_MODER REGISTER(0x48001800)
#define GPIOG_AFRL REGISTER(0x48001820)
#define GPIOG_AFRH REGISTER(0x48001824)

static void turn_on(void) {
  RCC_AHB2ENR |= 1 << 6;
  RCC_APB1ENR1 |= 1 | 1 << 28;
  RCC_APB1ENR2 |= 1;
  PWR_CR2 |= 1 << 9;
  GPIOG_AFRL = (GPIOG_AFRL & ~(UINT32_C(0xF) << 28)) | UINT32_C(8) << 28; /* PG7 */
  GPIOG_AFRH = (GPIOG_AFRH & ~UINT32_C(0xF)) | 8;                         /* PG8 */
  GPIOG_MODER = (GPIOG_MODER & ~(UINT32_C(0xF) << 14)) | UINT32_C(0xA) << 14;
}
