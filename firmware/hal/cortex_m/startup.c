/* Reset, vectors, stack painting and fault reports, the same for every Cortex-M board. */
#include <stdint.h>

#include "hal.h"
#include "server.h"

#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88)
#define SCB_CFSR (*(volatile uint32_t *)0xE000ED28)
#define SCB_HFSR (*(volatile uint32_t *)0xE000ED2C)
#define SCB_BFAR (*(volatile uint32_t *)0xE000ED38)
#define SCB_SHCSR (*(volatile uint32_t *)0xE000ED24)
#define SCB_AIRCR (*(volatile uint32_t *)0xE000ED0C)
#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08)

#define MPU_TYPE (*(volatile uint32_t *)0xE000ED90)
#define MPU_CTRL (*(volatile uint32_t *)0xE000ED94)
#define MPU_RNR (*(volatile uint32_t *)0xE000ED98)
#define MPU_RBAR (*(volatile uint32_t *)0xE000ED9C)
#define MPU_RASR (*(volatile uint32_t *)0xE000EDA0)

#define STACK_WORDS 128 /* of a fault report: the calls that led to it */
#define PAINT UINT32_C(0xA5A5A5A5)

/* link.ld */
extern uint32_t bl_data_load[], bl_data_start[], bl_data_end[], bl_bss_start[], bl_bss_end[];
extern uint32_t bl_stack_limit[], bl_stack_top[];

int main(void);
_Noreturn void bl_reset(void);
_Noreturn void bl_fault_entry(void);
_Noreturn void bl_fault(const uint32_t *frame, uint32_t exception);

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))bl_stack_top,
    bl_reset,
    bl_fault_entry,
    bl_fault_entry,
    bl_fault_entry,
    bl_fault_entry,
    bl_fault_entry,
    0,
    0,
    0,
    0,
    bl_fault_entry,
    bl_fault_entry,
    0,
    bl_fault_entry,
    bl_fault_entry,
};

/* Makes an overflow of the stack fault at once, where the core can: what lies below RAM need not
 * fault by itself. */
static void guard_stack(void) {
#if __ARM_ARCH >= 8
  __asm volatile("msr msplim, %0" ::"r"(bl_stack_limit));
#else
  if (MPU_TYPE >> 8 & 0xFF) { /* ARMv7-M and ARMv6-M: a region of 32 KiB without access below RAM */
    MPU_RNR = 0;
    MPU_RBAR = (uint32_t)(uintptr_t)bl_stack_limit - 0x8000;
    MPU_RASR = 14 << 1 | 1;
    MPU_CTRL = 1 | 4; /* all else as without an MPU */
    __asm volatile("dsb\n\tisb" ::: "memory");
  }
#endif
}

/* In C, but without anything the compiler might turn into a library call before memory is set up.
 */
_Noreturn void bl_reset(void) {
#ifdef __ARM_FP
  SCB_CPACR |= UINT32_C(0xF) << 20; /* before any code that may touch the FPU */
  __asm volatile("dsb\n\tisb" ::: "memory");
#endif
  /* Bus, memory and usage faults of their own: a stack overflow, where the fault's own stacking
   * fails too, would otherwise escalate twice and lock the core up. Reads as zero on ARMv6-M. */
  SCB_SHCSR |= UINT32_C(7) << 16;
  volatile uint32_t *to = bl_data_start;
  for (const uint32_t *from = bl_data_load; to < bl_data_end;) {
    *to++ = *from++;
  }
  for (to = bl_bss_start; to < bl_bss_end;) {
    *to++ = 0;
  }
  guard_stack();
  uint32_t *here;
  __asm volatile("mov %0, sp" : "=r"(here));
  for (to = bl_stack_limit; to < here;) {
    *to++ = PAINT;
  }
  main();
  hal_exit(0);
}

uint32_t hal_stack_high_water(void) {
  const uint32_t *p = bl_stack_limit;
  while (p < bl_stack_top && *p == PAINT) {
    p++;
  }
  return (uint32_t)((const char *)bl_stack_top - (const char *)p);
}

/* Reports from where the stack is, so that what lies on it can be reported too; from a fresh one
 * where it has overflowed, or nearly. The old stack pointer goes along to find pc and lr. */
__attribute__((naked)) _Noreturn void bl_fault_entry(void) {
  __asm volatile(
      "mrs r0, msp\n\t"
      "mrs r1, ipsr\n\t"
      "ldr r3, =bl_stack_top\n\t"
      "cmp r0, r3\n\t"
      "bhi 1f\n\t"
      "ldr r2, =bl_stack_limit + 512\n\t" /* more than the report needs */
      "cmp r0, r2\n\t"
      "bhs 2f\n\t"
      "1: mov sp, r3\n\t"
      "2: ldr r2, =bl_fault\n\t"
      "bx r2\n\t"
      ".ltorg\n\t");
}

_Noreturn void bl_fault(const uint32_t *frame, uint32_t exception) {
  static const char *const kinds[] = {"?",         "?",        "NMI",       "HardFault",
                                      "MemManage", "BusFault", "UsageFault"};
  static const char *const names[] = {"pc", "lr", "sp", "cfsr", "hfsr", "bfar"};
  /* An exception frame is r0-r3, r12, lr, pc, xpsr; it is unreadable where the stack left RAM. */
  const int readable = frame >= bl_stack_limit && frame + 8 <= bl_stack_top;
  const uint32_t values[] = {readable ? frame[6] : 0,
                             readable ? frame[5] : 0,
                             (uint32_t)(uintptr_t)frame,
                             SCB_CFSR,
                             SCB_HFSR,
                             SCB_BFAR};
  const char *kind = exception < 7 ? kinds[exception] : "unexpected interrupt";
  bl_report_fault(frame < bl_stack_limit ? "stack overflow" : kind, names, values, 6);
  const uint32_t *from = readable ? frame : bl_stack_limit;
  const uint32_t words = (uint32_t)(bl_stack_top - from);
  if (bl_report_stack) {
    bl_report_stack(from, words < STACK_WORDS ? words : STACK_WORDS);
  }
  hal_exit(70);
}

/* Semihosting SYS_EXIT_EXTENDED: the emulator ends with this exit status. */
_Noreturn void hal_exit(int status) {
  const uint32_t arguments[2] = {0x20026 /* ADP_Stopped_ApplicationExit */, (uint32_t)status};
  register uint32_t r0 __asm("r0") = 0x20;
  register const uint32_t *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" ::"r"(r0), "r"(r1) : "memory");
  for (;;) {
  }
}

_Noreturn void hal_reset(void) {
  __asm volatile("dsb" ::: "memory");
  SCB_AIRCR = UINT32_C(0x05FA0004);
  for (;;) {
  }
}

/* Runs down the stack for as long as there is one; the pragma: that is what it is for. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winfinite-recursion"
__attribute__((noinline)) static uint32_t overflow(volatile uint32_t *below) {
  volatile uint32_t frame[64];
  frame[0] = below ? below[0] + 1 : 1;
  return overflow(frame) + frame[0];
}
#pragma GCC diagnostic pop

void hal_fault(char kind) {
  if (kind == 'b') {
    *(volatile uint32_t *)0xDEAD0000 = 1;
  } else if (kind == 'u') {
    __asm volatile("udf #0");
  } else if (kind == 's') {
    overflow(0);
  } else if (kind == 'l') {
    SCB_VTOR = 0xE0000000; /* no vectors there: the fault handler cannot be fetched */
    __asm volatile("dsb\n\tudf #0");
  }
}
