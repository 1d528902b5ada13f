/* rv32imc as in an ESP32-C3, on QEMU's `virt` machine, whose devices are others. Devices: QEMU's
 * documentation of virt; SiFive's PLIC. */
#define UART 0x10000000
#define UART_STEP 1
#include "free_counter.h"
#include "hal.h"
#include "uart16550.h"

#define UART_IRQ 10
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define PLIC_PRIORITY REGISTER(0x0C000000 + 4 * UART_IRQ)
#define PLIC_ENABLE REGISTER(0x0C002000)
#define PLIC_THRESHOLD REGISTER(0x0C200000)
#define PLIC_CLAIM REGISTER(0x0C200004)
#define TEST_DEVICE REGISTER(0x00100000)
#define MIE_EXTERNAL (1 << 11)

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 1000000000;

/* Interrupts stay masked in mstatus; one that is enabled in mie only ends WFI. */
void hal_init(void) {
  uart16550_init();
  PLIC_PRIORITY = 1;
  PLIC_THRESHOLD = 0;
  PLIC_ENABLE = 1 << UART_IRQ;
  __asm volatile("csrs mie, %0" ::"r"(MIE_EXTERNAL));
}

int hal_getc(void) {
  while (!uart16550_received()) {
    __asm volatile("wfi");
  }
  const int byte = uart16550_getc();
  PLIC_CLAIM = PLIC_CLAIM;
  return byte;
}

/* Under icount QEMU's mcycle counts nanoseconds. It cannot be stopped, and need not: it schedules
 * nothing. */
static uint32_t free_counter(void) {
  uint32_t now;
  __asm volatile("csrr %0, mcycle" : "=r"(now));
  return now;
}

/* This part of virt's memory lies behind those that serve as flash and RAM. */
uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = UINT32_C(16) << 20;
  return (uint8_t *)0x81000000;
}

_Noreturn void hal_reset(void) {
  TEST_DEVICE = 0x7777;
  for (;;) {
  }
}
