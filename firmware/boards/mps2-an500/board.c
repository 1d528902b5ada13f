/* Arm MPS2+ with FPGA image AN500 as QEMU emulates it. Addresses: Arm application note AN500. */
#include "cmsdk.h"
#include "hal.h"

#define UART ((cmsdk_uart *)0x40004000)
#define TIMER ((cmsdk_timer *)0x40000000)
#define RECEIVE_IRQ 0

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 25000000;

void hal_init(void) {
  cmsdk_uart_init(UART);
}

int hal_getc(void) {
  return cmsdk_uart_getc(UART, RECEIVE_IRQ);
}

void hal_putc(char c) {
  cmsdk_uart_putc(UART, c);
}

void hal_timer_start(void) {
  cmsdk_timer_start(TIMER);
}

uint32_t hal_timer_ticks(void) {
  return cmsdk_timer_ticks(TIMER);
}

void hal_timer_stop(void) {
  cmsdk_timer_stop(TIMER);
}

/* The PSRAM, which QEMU can back with a file that the host maps too. */
uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = UINT32_C(16) << 20;
  return (uint8_t *)0x60000000;
}
