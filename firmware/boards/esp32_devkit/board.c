/* ESP32 in its own memory map; its second core stays off. It runs at the 40 MHz of its crystal, as
 * the ROM leaves it, and so does the timer, the core's cycle counter. What the core writes must go
 * to the FIFO by the AHB's address: Espressif's ESP32 Series SoC Errata. */
#define UART 0x3FF40000
#define UART_WRITE 0x60000000
#define TIMG 0x3FF5F000
#define RTC 0x3FF48000
#define RTC_WDT 0x8C
#include "ccount.h"
#include "espressif.h"

const uint32_t hal_timer_hz = 40000000;

void hal_init(void) {
  watchdogs_off();
}
