/* Reset, stack guard and fault reports, the same for every RISC-V board, in machine mode. */
#include <stdint.h>

#include "fault.h"
#include "hal.h"
#include "stack.h"

#define READ_CSR(name)                              \
  ({                                                \
    uint32_t value;                                 \
    __asm volatile("csrr %0, " name : "=r"(value)); \
    value;                                          \
  })
#define WRITE_CSR(name, value) __asm volatile("csrw " name ", %0" ::"r"(value))

#define GUARD_BYTES UINT32_C(0x8000)

int main(void);
_Noreturn void bl_reset(void);
_Noreturn void bl_start(void);
_Noreturn void bl_fault_entry(void);
_Noreturn void bl_fault(uint32_t sp, uint32_t ra);

__attribute__((naked, section(".reset"), used)) _Noreturn void bl_reset(void) {
  __asm volatile(
      "la sp, bl_stack_top\n\t"
      "j bl_start");
}

_Noreturn void bl_start(void) {
  uint32_t *here;
  __asm volatile("mv %0, sp" : "=r"(here));
  WRITE_CSR("mtvec", bl_fault_entry);
  bl_set_up_memory(here);
  /* An overflow of the stack faults at once: what lies below RAM is forbidden, to machine mode too,
   * which only a locked entry can do. Naturally aligned region, no access. */
  WRITE_CSR("pmpaddr0",
            (((uint32_t)(uintptr_t)bl_stack_limit - GUARD_BYTES) >> 2) | (GUARD_BYTES / 8 - 1));
  WRITE_CSR("pmpcfg0", UINT32_C(0x80) | 3 << 3);
  main();
  hal_exit(0);
}

uint32_t hal_stack_high_water(void) {
  return bl_stack_used();
}

/* The stack may have overflowed: report from a fresh one. */
__attribute__((naked, aligned(4))) _Noreturn void bl_fault_entry(void) {
  __asm volatile(
      "mv a0, sp\n\t"
      "mv a1, ra\n\t"
      "la sp, bl_stack_top\n\t"
      "j bl_fault");
}

_Noreturn void bl_fault(uint32_t sp, uint32_t ra) {
  static const char *const kinds[] = {
      "misaligned fetch", "fetch access fault", "illegal instruction", "breakpoint",
      "misaligned load",  "load access fault",  "misaligned store",    "store access fault",
  };
  static const char *const names[] = {"pc", "lr", "sp", "mcause", "mtval"};
  static int again;
  const uint32_t cause = READ_CSR("mcause"), address = READ_CSR("mtval");
  const uint32_t values[] = {READ_CSR("mepc"), ra, sp, cause, address};
  const uint32_t below = (uint32_t)(uintptr_t)bl_stack_limit - address;
  const int overflow = cause == 7 && below - 1 < GUARD_BYTES;
  if (!again++) { /* else the report itself has faulted */
    bl_report_fault(overflow    ? "stack overflow"
                    : cause < 8 ? kinds[cause]
                                : "unexpected trap",
                    names, values, 5);
  }
  hal_exit(70);
}

/* Semihosting SYS_EXIT_EXTENDED: the emulator ends with this exit status. */
_Noreturn void hal_exit(int status) {
  const uint32_t arguments[2] = {0x20026 /* ADP_Stopped_ApplicationExit */, (uint32_t)status};
  register uint32_t a0 __asm("a0") = 0x20;
  register const uint32_t *a1 __asm("a1") = arguments;
  __asm volatile(
      ".option push\n\t"
      ".option norvc\n\t"
      ".balign 16\n\t" /* the three may not lie on two pages */
      "slli x0, x0, 0x1f\n\t"
      "ebreak\n\t"
      "srai x0, x0, 7\n\t"
      ".option pop" ::"r"(a0),
      "r"(a1)
      : "memory");
  for (;;) {
  }
}

void hal_fault(char kind) {
  if (kind == 'b') {
    *(volatile uint32_t *)0xEEEE0000 = 1; /* nothing is there */
  } else if (kind == 'u') {
    __asm volatile(".4byte 0xffffffff");
  } else if (kind == 's') {
    bl_overflow(0);
  }
}
