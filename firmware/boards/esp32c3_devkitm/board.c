/* ESP32-C3 without ROM, boot loader or operating system. Registers: Espressif's ESP32-C3 Technical
 * Reference Manual. The ROM has set the line to 115200 baud. */
#include "hal.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART_FIFO REGISTER(0x60000000)
#define UART_STATUS REGISTER(0x6000001C) /* bits 0-9: bytes received, 16-25: bytes to send */
#define UART_FIFO_BYTES 128
#define SYSTIMER_CONF REGISTER(0x60023000) /* bit 30: unit 0 counts */
#define SYSTIMER_OP REGISTER(0x60023004)   /* bit 30: take its value, bit 29: it is taken */
#define SYSTIMER_LOW REGISTER(0x60023044)
#define RTC_OPTIONS REGISTER(0x60008000) /* bit 31: reset the chip */
#define RTC_WDT_CONFIG REGISTER(0x60008090)
#define RTC_WDT_KEY REGISTER(0x600080A8)
#define RTC_SWD_CONFIG REGISTER(0x600080AC) /* bit 31: it feeds itself */
#define RTC_SWD_KEY REGISTER(0x600080B0)
#define TIMG_WDT_CONFIG(n) REGISTER(0x6001F048 + 0x1000 * (n))
#define TIMG_WDT_KEY(n) REGISTER(0x6001F064 + 0x1000 * (n))
#define WDT_KEY 0x50D83AA1
#define SWD_KEY 0x8F1D312A

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 16000000;

static uint32_t started;

/* Nobody feeds the watchdogs that the ROM has started. */
void hal_init(void) {
  for (int n = 0; n < 2; n++) {
    TIMG_WDT_KEY(n) = WDT_KEY;
    TIMG_WDT_CONFIG(n) = 0;
    TIMG_WDT_KEY(n) = 0;
  }
  RTC_WDT_KEY = WDT_KEY;
  RTC_WDT_CONFIG = 0;
  RTC_WDT_KEY = 0;
  RTC_SWD_KEY = SWD_KEY;
  RTC_SWD_CONFIG |= UINT32_C(1) << 31;
  RTC_SWD_KEY = 0;
  SYSTIMER_CONF |= UINT32_C(1) << 30;
}

int hal_getc(void) {
  while (!(UART_STATUS & 0x3FF)) {
  }
  return (int)(UART_FIFO & 0xFF);
}

void hal_putc(char c) {
  while ((UART_STATUS >> 16 & 0x3FF) >= UART_FIFO_BYTES - 1) {
  }
  UART_FIFO = (uint8_t)c;
}

static uint32_t now(void) {
  SYSTIMER_OP = UINT32_C(1) << 30;
  while (!(SYSTIMER_OP & UINT32_C(1) << 29)) {
  }
  return SYSTIMER_LOW;
}

void hal_timer_start(void) {
  started = now();
}

uint32_t hal_timer_ticks(void) {
  return now() - started;
}

void hal_timer_stop(void) {}

uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = 0;
  return 0;
}

_Noreturn void hal_reset(void) {
  RTC_OPTIONS |= UINT32_C(1) << 31;
  for (;;) {
  }
}
