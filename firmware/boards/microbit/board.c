/* BBC micro:bit as QEMU emulates it: an nRF51822. The timer counts 8 MHz, because QEMU rounds to
 * whole nanoseconds at every reading: 16 MHz would drift. */
#define UART 0x40002000
#define UART_IRQ 2
#define TIMER0 0x40008000
#define DIVIDER 1
#include "nrf.h"

static void turn_on(void) {}
