/* Reset and fault reports, the same for every Xtensa board with windowed registers. */
#include <stdint.h>

#include "fault.h"
#include "hal.h"
#include "stack.h"

#define READ_SPECIAL(name)                         \
  ({                                               \
    uint32_t value;                                \
    __asm volatile("rsr %0, " name : "=a"(value)); \
    value;                                         \
  })

int main(void);
_Noreturn void bl_start(void);
_Noreturn void bl_fault(void);

_Noreturn void bl_start(void) {
  uint32_t *here;
  __asm volatile("mov %0, a1" : "=a"(here));
  bl_set_up_memory(here - 16); /* the window handlers save below a stack pointer */
  main();
  hal_exit(0);
}

uint32_t hal_stack_high_water(void) {
  return bl_stack_used();
}

_Noreturn void bl_fault(void) {
  static const char *const names[] = {"pc", "lr", "sp", "exccause", "excvaddr"};
  static int again;
  const uint32_t cause = READ_SPECIAL("exccause"), address = READ_SPECIAL("excvaddr");
  const uint32_t pc = READ_SPECIAL("misc0"), sp = READ_SPECIAL("excsave1");
  /* the two top bits of a return address are the size of the call's window */
  const uint32_t lr = (READ_SPECIAL("misc1") & 0x3FFFFFFF) | (pc & 0xC0000000);
  const uint32_t values[] = {pc, lr, sp, cause, address};
  const char *kind = cause == 0                  ? "illegal instruction"
                     : cause >= 12 && cause < 16 ? "bus error"
                     : cause >= 16 && cause < 32 ? "memory access fault"
                                                 : "exception";
  if (!again++) { /* else the report itself has faulted */
    bl_report_fault(sp < (uint32_t)(uintptr_t)bl_stack_limit ? "stack overflow" : kind, names,
                    values, 5);
  }
  hal_exit(70);
}

/* QEMU's simulator call 1: exit with the status in a3. */
_Noreturn void hal_exit(int status) {
  register uint32_t a2 __asm("a2") = 1;
  register uint32_t a3 __asm("a3") = (uint32_t)status;
  __asm volatile(".byte 0x00, 0x51, 0x00" ::"r"(a2), "r"(a3) : "memory");
  for (;;) {
  }
}

void hal_fault(char kind) {
  if (kind == 'b') {
    *(volatile uint32_t *)0xEEEE0000 = 1; /* nothing is there */
  } else if (kind == 'u') {
    __asm volatile("ill");
  } else if (kind == 's') {
    bl_overflow(0);
  }
}
