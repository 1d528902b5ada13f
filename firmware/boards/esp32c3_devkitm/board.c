/* ESP32-C3 in its own memory map. The timer is the system timer's unit 0, at 16 MHz. Registers:
 * Espressif's ESP32-C3 Technical Reference Manual. */
#define UART 0x60000000
#define UART_WRITE UART
#define TIMG 0x6001F000
#define RTC 0x60008000
#define RTC_WDT 0x90
#define RTC_SWD 0xAC
#include "espressif.h"
#include "free_counter.h"

#define SYSTIMER_CONF REGISTER(0x60023000) /* bit 30: unit 0 counts */
#define SYSTIMER_OP REGISTER(0x60023004)   /* bit 30: take its value, bit 29: it is taken */
#define SYSTIMER_LOW REGISTER(0x60023044)

const uint32_t hal_timer_hz = 16000000;

void hal_init(void) {
  watchdogs_off();
  SYSTIMER_CONF |= UINT32_C(1) << 30;
}

static uint32_t free_counter(void) {
  SYSTIMER_OP = UINT32_C(1) << 30;
  while (!(SYSTIMER_OP & UINT32_C(1) << 29)) {
  }
  return SYSTIMER_LOW;
}
