/* NUCLEO-F446RE: an STM32F446RE at the 16 MHz it starts with, where no access to flash waits. The
 * line is the virtual COM port of its ST-LINK, USART2 (ST UM1724). Registers: ST RM0390. */
#define USART 0x40004400
#define USART_IRQ 38
#define TIMER 0x40000000
#define CORE_HZ 16000000
#include "stm32f4_pa2_pa3.h"
