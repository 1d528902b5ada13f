/* Arm MPS2+ with FPGA image AN505 as QEMU emulates it. Addresses: Arm application note AN505. */
#define UART 0x50200000
#define RECEIVE_IRQ 32
#define RECEIVE_LINES 2 /* QEMU 8.2.2 has transmit and receive the other way round */
#define TIMER 0x50000000
#define CLOCK_HZ 20000000
#define SHARED 0x80000000 /* the PSRAM */
#define SHARED_MIB 16
#include "cmsdk.h"
