/* Arm MPS2+ with FPGA image AN386 as QEMU emulates it. Addresses: Arm application note AN386. */
#define UART 0x40004000
#define RECEIVE_IRQ 0
#define TIMER 0x40000000
#define CLOCK_HZ 25000000
#define SHARED 0x21000000 /* the PSRAM */
#define SHARED_MIB 16
#include "cmsdk.h"
