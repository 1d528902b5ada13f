/* ESP32-S3 in its own memory map; its second core stays off. It runs at the 40 MHz of its crystal,
 * and so does the timer, the core's cycle counter. Registers: Espressif's ESP32-S3 Technical
 * Reference Manual. */
#define UART 0x60000000
#define UART_WRITE UART
#define TIMG 0x6001F000
#define RTC 0x60008000
#define RTC_WDT 0x98
#define RTC_SWD 0xB4
#include "ccount.h"
#include "espressif.h"

#define SYSCLK_CONF REGISTER(0x600C0060) /* bits 0-9: divisor - 1, 10-11: 0 is the crystal */

const uint32_t hal_timer_hz = 40000000;

void hal_init(void) {
  watchdogs_off();
  SYSCLK_CONF = 0;
}
