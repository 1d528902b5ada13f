/* Arm MPS3 with FPGA image AN547 (Corstone-300) as QEMU emulates it, all in the secure state.
 * Addresses: Arm application note AN547; the counter: Arm 101773, "Corstone SSE-300 TRM". */
#include "cmsdk.h"
#include "hal.h"

#define UART ((cmsdk_uart *)0x59303000)
#define RECEIVE_IRQ 33
#define COUNTER ((volatile uint32_t *)0x58100000) /* the 64-bit system counter of all timers */
enum { CONTROL, STATUS, LOW, HIGH };

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 32000000;

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
  COUNTER[HIGH] = 0;
  COUNTER[LOW] = 0;
  COUNTER[CONTROL] = 1;
}

uint32_t hal_timer_ticks(void) {
  return COUNTER[LOW];
}

void hal_timer_stop(void) {
  COUNTER[CONTROL] = 0;
}

/* The DDR4 memory, which QEMU can back with a file that the host maps too. */
uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = UINT32_C(2048) << 20;
  return (uint8_t *)0x60000000;
}
