/* ESP32 in its own memory map; its second core stays off. It runs at the 40 MHz of its crystal, as
 * the ROM leaves it, and so does the timer, the core's cycle counter. As in ESP-IDF, UART0's FIFO
 * is written by the AHB's address, and how much is in it is seen by its pointers after it was read
 * by the other. Registers: Espressif's ESP32 Technical Reference Manual. */
#define UART 0x3FF40000
#define UART_WRITE 0x60000000
#define UART_POINTERS 0x60
#define TIMG 0x3FF5F000
#define RTC 0x3FF48000
#define RTC_WDT 0x8C
#include "ccount.h"
#include "espressif.h"

const uint32_t hal_timer_hz = 40000000;

void hal_init(void) {
  watchdogs_off();
}
