/* A core like an ESP32's LX6 (QEMU's de233_fpu: windowed registers, FPU, zero-overhead loops), on
 * QEMU's lx60 board, whose devices are others: a 16550 UART with registers 4 bytes apart. */
#define UART 0xFD050020u
#define UART_STEP 4
#include "ccount.h"
#include "hal.h"
#include "uart16550.h"

#define UART_INTERRUPT 0 /* the core's external interrupt 0 */
#define GUARD 0x00700000 /* the MiB below RAM, where the stack ends */

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 40000000;

/* An overflow of the stack faults at once: a second entry of the data TLB (way 4, pages of 1 MiB)
 * for what lies below RAM makes every access there a fault. */
void hal_init(void) {
  uart16550_init();
  __asm volatile("wdtlb %0, %1\n\tdsync" ::"a"(GUARD | 15), "a"(GUARD | 4) : "memory");
}

/* Interrupts are masked by their level; WAITI takes it down, and what comes then disables itself.
 */
int hal_getc(void) {
  uint32_t before;
  while (!uart16550_received()) {
    __asm volatile(
        "wsr %1, intenable\n\t"
        "rsync\n\t"
        "waiti 0\n\t"
        "rsil %0, 15"
        : "=a"(before)
        : "a"(1 << UART_INTERRUPT)
        : "memory");
  }
  return uart16550_getc();
}

_Noreturn void hal_reset(void) {
  *(volatile uint32_t *)0xFD020010 = 0xDEAD; /* the board's software reset */
  for (;;) {
  }
}
