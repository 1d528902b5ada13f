/* hal.h on an Espressif chip without boot loader or operating system: UART0, which the ROM has set
 * to 115200 baud, and the watchdogs, which nobody feeds. Registers: Espressif's Technical Reference
 * Manuals of ESP32 and ESP32-C3.
 *
 * A board's only C file defines these and includes this file:
 *   UART, UART_WRITE       address of UART0, and where its FIFO is written
 *   UART_POINTERS          offset of the FIFO's pointers, where its count is not to be trusted
 *   TIMG                   address of timer group 0; group 1 is 4 KiB further
 *   RTC, RTC_WDT           address of the RTC's registers, offset of its watchdog's
 *   RTC_SWD                offset of the super watchdog's, where the chip has one
 */
#include "hal.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART_FIFO_BYTES 128
#define UART_STATUS REGISTER(UART + 0x1C) /* bits 0-7: bytes received, 16-23: bytes to send */
#define TIMG_WDT_CONFIG(n) REGISTER(TIMG + 0x1000 * (n) + 0x48)
#define TIMG_WDT_KEY(n) REGISTER(TIMG + 0x1000 * (n) + 0x64)
#define RTC_OPTIONS REGISTER(RTC) /* bit 31: reset the chip */
#define RTC_WDT_CONFIG REGISTER(RTC + RTC_WDT)
#define RTC_WDT_KEY REGISTER(RTC + RTC_WDT + 0x18)
#define WDT_KEY 0x50D83AA1

const char hal_board[] = BL_BOARD;

static void watchdogs_off(void) {
  for (int n = 0; n < 2; n++) {
    TIMG_WDT_KEY(n) = WDT_KEY;
    TIMG_WDT_CONFIG(n) = 0;
    TIMG_WDT_KEY(n) = 0;
  }
  RTC_WDT_KEY = WDT_KEY;
  RTC_WDT_CONFIG = 0;
  RTC_WDT_KEY = 0;
#ifdef RTC_SWD
  REGISTER(RTC + RTC_SWD + 4) = 0x8F1D312A;
  REGISTER(RTC + RTC_SWD) |= UINT32_C(1) << 31; /* it feeds itself */
  REGISTER(RTC + RTC_SWD + 4) = 0;
#endif
}

/* Equal pointers mean empty or full. */
static int received(void) {
#ifdef UART_POINTERS
  const uint32_t pointers = REGISTER(UART + UART_POINTERS); /* bits 2-12: out, 13-23: in */
  if ((pointers >> 2 & 0x7FF) != (pointers >> 13 & 0x7FF)) {
    return 1;
  }
#endif
  return (UART_STATUS & 0xFF) != 0;
}

int hal_getc(void) {
  while (!received()) {
  }
  return (int)(REGISTER(UART) & 0xFF);
}

void hal_putc(char c) {
  while ((UART_STATUS >> 16 & 0xFF) >= UART_FIFO_BYTES - 1) {
  }
  REGISTER(UART_WRITE) = (uint8_t)c;
}

_Noreturn void hal_reset(void) {
  RTC_OPTIONS |= UINT32_C(1) << 31;
  for (;;) {
  }
}
