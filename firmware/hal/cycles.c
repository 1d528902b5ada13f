/* The core's own cycle counter, found out by asking it: emulators and small cores have none. */
#if defined __linux__
#define _GNU_SOURCE
#include <time.h>
#endif
#include "hal.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#if defined __arm__ && __ARM_ARCH_ISA_THUMB == 2 /* Armv7-M, Armv8-M with the main extension */

#define DEMCR REGISTER(0xE000EDFC)
#define DWT_CTRL REGISTER(0xE0001000)
#define DWT_CYCCNT REGISTER(0xE0001004)
#define DWT_LAR REGISTER(0xE0001FB0)

uint32_t hal_cycles(void) {
  return DWT_CYCCNT;
}

/* QEMU reads all of the DWT as zero; a core may be made without it, or its debug be locked. */
const char *hal_cycles_start(void) {
  DEMCR |= UINT32_C(1) << 24; /* TRCENA */
  DWT_LAR = 0xC5ACCE55;       /* Cortex-M7 locks the DWT; elsewhere nothing is written */
  DWT_CYCCNT = 0;
  DWT_CTRL |= 1;
  const uint32_t before = hal_cycles();
  __asm volatile("nop\n\tnop\n\tnop\n\tnop\n\tisb");
  return hal_cycles() != before ? "dwt" : "none";
}

#elif defined __riscv

/* Runs `code`, an instruction or more on %0, and leaves %0 at 0 where it traps: CSRs differ from
 * core to core. The trap comes back to the label, which is aligned for cores that take their
 * vectors in 256 bytes only. Interrupts are off anyway. */
#define TRY(value, code)                                         \
  do {                                                           \
    uint32_t vector_;                                            \
    __asm volatile(                                              \
        ".option push\n\t.option norvc\n\t"                      \
        "la %1, 1f\n\tcsrrw %1, mtvec, %1\n\t" code              \
        "\n\t.balign 256\n1:\tcsrw mtvec, %1\n\t.option pop\n\t" \
        : "+&r"(value), "=&r"(vector_)                           \
        :                                                        \
        : "memory");                                             \
  } while (0)

static int espressif; /* the counter of ESP32-C3, which has no mcycle */

uint32_t hal_cycles(void) {
  uint32_t value;
  if (espressif) {
    __asm volatile("csrr %0, 0x7E2" : "=r"(value)); /* mpccr */
  } else {
    __asm volatile("csrr %0, 0xB00" : "=r"(value)); /* mcycle */
  }
  return value;
}

const char *hal_cycles_start(void) {
  uint32_t first = 0, second = 0;
  TRY(first, "csrci 0x320, 1"); /* mcountinhibit, where there is one */
  first = 0;
  TRY(first, "csrr %0, 0xB00");
  TRY(second, "csrr %0, 0xB00");
  if (first != second) {
    return "mcycle";
  }
  first = second = 0;
  TRY(first, "li %0, 1\n\tcsrw 0x7E0, %0\n\tcsrw 0x7E1, %0\n\tcsrr %0, 0x7E2"); /* count cycles */
  TRY(second, "csrr %0, 0x7E2");
  espressif = second && first != second;
  return espressif ? "mpccr" : "none";
}

#elif defined __XTENSA__

uint32_t hal_cycles(void) {
  uint32_t value;
  __asm volatile("rsr.ccount %0" : "=r"(value));
  return value;
}

const char *hal_cycles_start(void) {
  const uint32_t before = hal_cycles();
  return hal_cycles() != before ? "ccount" : "none";
}

#elif defined __linux__ /* the fake board counts nanoseconds of processor time */

uint32_t hal_cycles(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

const char *hal_cycles_start(void) {
  return "ns";
}

#else

uint32_t hal_cycles(void) {
  return 0;
}

const char *hal_cycles_start(void) {
  return "none";
}

#endif
