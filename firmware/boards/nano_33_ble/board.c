/* Arduino Nano 33 BLE: an nRF52840 at 64 MHz, with its instruction cache on. The line is Serial1 on
 * pins TX (P1.03) and RX (P1.10), for an adapter to USB at 3.3 V: the USB socket belongs to the
 * processor, and this firmware has no USB. Arduino's bootloader stays in the first 64 KiB of flash
 * and starts what lies behind. Registers: Nordic nRF52840 product specification 1.7. */
#define UART 0x40002000
#define UART_IRQ 2
#define TIMER0 0x40008000
#define DIVIDER 0
#include "nrf.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CLOCK_HFCLKSTART REGISTER(0x40000000)
#define NVMC_ICACHECNF REGISTER(0x4001E540) /* bit 0: on */
#define SCB_VTOR REGISTER(0xE000ED08)
#define PORT_1 32
#define BAUD_115200 0x01D7E000

extern const char bl_flash_origin[];

static void turn_on(void) {
  SCB_VTOR = (uint32_t)(uintptr_t)bl_flash_origin;
  CLOCK_HFCLKSTART = 1; /* the crystal: the oscillator of the start may be too far off for a UART */
  NVMC_ICACHECNF = 1;
  uart[PIN_TRANSMIT] = PORT_1 + 3;
  uart[PIN_RECEIVE] = PORT_1 + 10;
  uart[BAUD_RATE] = BAUD_115200;
}
