/* Arm MPS2+ with FPGA image AN386 as QEMU emulates it. Addresses: Arm application note AN386. */
#include <stdint.h>

#include "hal.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART_DATA REGISTER(0x40004000)
#define UART_STATE REGISTER(0x40004004)    /* bit 0: transmit buffer full, bit 1: byte received */
#define UART_CTRL REGISTER(0x40004008)     /* bits 0, 1: transmit, receive; bit 3: its interrupt */
#define UART_INTCLEAR REGISTER(0x4000400C) /* bit 1: receive */
#define UART_BAUDDIV REGISTER(0x40004010)
#define TIMER_CTRL REGISTER(0x40000000) /* bit 0: enable */
#define TIMER_VALUE REGISTER(0x40000004)
#define TIMER_RELOAD REGISTER(0x40000008)
#define NVIC_ENABLE REGISTER(0xE000E100)
#define NVIC_DISABLE REGISTER(0xE000E180)
#define NVIC_CLEAR REGISTER(0xE000E280)
#define UART0_RECEIVE_IRQ 0

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 25000000;

void hal_init(void) {
  UART_BAUDDIV = 16;
  UART_CTRL = 1 | 2 | 8;
}

/* The receive interrupt only wakes the core from WFI: it is enabled while interrupts are masked, so
 * no handler ever runs. Outside of here they are not masked, because a masked core escalates every
 * fault to HardFault. */
int hal_getc(void) {
  __asm volatile("cpsid i");
  NVIC_ENABLE = 1u << UART0_RECEIVE_IRQ;
  while (!(UART_STATE & 2)) {
    __asm volatile("wfi");
  }
  const int byte = (int)(UART_DATA & 0xFF);
  UART_INTCLEAR = 2;
  NVIC_DISABLE = 1u << UART0_RECEIVE_IRQ;
  NVIC_CLEAR = 1u << UART0_RECEIVE_IRQ;
  __asm volatile("cpsie i");
  return byte;
}

void hal_putc(char c) {
  while (UART_STATE & 1) {
  }
  UART_DATA = (uint8_t)c;
}

void hal_timer_start(void) {
  TIMER_RELOAD = UINT32_MAX;
  TIMER_VALUE = UINT32_MAX;
  TIMER_CTRL = 1;
}

uint32_t hal_timer_ticks(void) {
  return UINT32_MAX - TIMER_VALUE;
}

void hal_timer_stop(void) {
  TIMER_CTRL = 0;
}

/* The PSRAM at 0x21000000, which QEMU can back with a file that the host maps too. */
uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = UINT32_C(16) << 20;
  return (uint8_t *)0x21000000;
}
