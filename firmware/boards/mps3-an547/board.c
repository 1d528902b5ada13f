/* Arm MPS3 with FPGA image AN547 (Corstone-300) as QEMU emulates it, all in the secure state.
 * Addresses: Arm application note AN547; the counter: Arm 101773, "Corstone SSE-300 TRM". */
#define UART 0x59303000
#define RECEIVE_IRQ 33
#define RECEIVE_LINES 2   /* QEMU 8.2.2 has transmit and receive the other way round */
#define SHARED 0x60000000 /* the DDR4 memory */
#define SHARED_MIB 2048
#include "cmsdk.h"

#define COUNTER ((volatile uint32_t *)0x58100000) /* the 64-bit system counter of all timers */
enum { CONTROL, STATUS, LOW, HIGH };

const uint32_t hal_timer_hz = 32000000;

void hal_timer_start(void) {
  COUNTER[HIGH] = 0;
  COUNTER[LOW] = 0;
  COUNTER[CONTROL] = 1;
}

uint32_t hal_timer_ticks(void) {
  return COUNTER[LOW];
}

void hal_timer_stop(void) {
  COUNTER[CONTROL] = 0;
}
