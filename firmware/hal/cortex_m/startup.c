/* Reset, vectors, stack painting and fault reports, the same for every Cortex-M board. */
#include <stdint.h>

#include "fault.h"
#include "hal.h"
#include "stack.h"

#define SCB_CFSR (*(volatile uint32_t *)0xE000ED28)
#define SCB_HFSR (*(volatile uint32_t *)0xE000ED2C)
#define SCB_BFAR (*(volatile uint32_t *)0xE000ED38)
#define SCB_SHCSR (*(volatile uint32_t *)0xE000ED24)
#define SCB_AIRCR (*(volatile uint32_t *)0xE000ED0C)

#define MPU_TYPE (*(volatile uint32_t *)0xE000ED90)
#define MPU_CTRL (*(volatile uint32_t *)0xE000ED94)
#define MPU_RNR (*(volatile uint32_t *)0xE000ED98)
#define MPU_RBAR (*(volatile uint32_t *)0xE000ED9C)
#define MPU_RASR (*(volatile uint32_t *)0xE000EDA0)

/* ARMv6-M has no fault status registers, ARMv7-M has no stack limit to violate. */
#define STATUS_VALUES (__ARM_ARCH >= 7 ? 3 : 0)
/* STKOF: the stack limit was crossed; MSTKERR, STKERR: the frame did not fit onto the stack. */
#define CFSR_OVERFLOW (__ARM_ARCH >= 8 ? UINT32_C(1) << 20 : UINT32_C(1) << 4 | UINT32_C(1) << 12)
#define STACK_WORDS 128 /* of a fault report: the calls that led to it */

int main(void);
_Noreturn void bl_reset(void);
_Noreturn void bl_start(void);
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

/* Switches on FPU and MVE before any code of a compiler that may use them. */
__attribute__((naked)) _Noreturn void bl_reset(void) {
  __asm volatile(
#ifdef __ARM_FP
      "ldr r0, =0xE000ED88\n\t" /* CPACR */
      "ldr r1, [r0]\n\t"
      "orr r1, r1, #0x00F00000\n\t"
      "str r1, [r0]\n\t"
      "dsb\n\t"
      "isb\n\t"
#endif
      "ldr r0, =bl_start\n\t"
      "bx r0\n\t"
      ".ltorg\n\t");
}

/* This is C without anything the compiler might turn into a library call before memory is set up.
 */
_Noreturn void bl_start(void) {
  /* Bus, memory and usage faults of their own: a stack overflow, where the fault's own stacking
   * fails too, would otherwise escalate twice and lock the core up. Reads as zero on ARMv6-M. */
  SCB_SHCSR |= UINT32_C(7) << 16;
  uint32_t *here;
  __asm volatile("mov %0, sp" : "=r"(here));
  bl_set_up_memory(here);
  guard_stack();
  main();
  hal_exit(0);
}

uint32_t hal_stack_high_water(void) {
  return bl_stack_used();
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

static volatile int lock_up; /* the fault handler shall fault, too */

_Noreturn void bl_fault(const uint32_t *frame, uint32_t exception) {
  static const char *const kinds[] = {"?",         "?",        "NMI",       "HardFault",
                                      "MemManage", "BusFault", "UsageFault"};
  static const char *const names[] = {"pc", "lr", "sp", "cfsr", "hfsr", "bfar"};
  /* An exception frame is r0-r3, r12, lr, pc, xpsr; it is unreadable where the stack left RAM. */
  const int readable = frame >= bl_stack_limit && frame + 8 <= bl_stack_top;
  uint32_t values[3 + STATUS_VALUES] = {readable ? frame[6] : 0, readable ? frame[5] : 0,
                                        (uint32_t)(uintptr_t)frame};
  int overflow = frame < bl_stack_limit;
#if __ARM_ARCH >= 7
  values[3] = SCB_CFSR;
  values[4] = SCB_HFSR;
  values[5] = SCB_BFAR;
  overflow |= (values[3] & CFSR_OVERFLOW) != 0;
#endif
  if (lock_up) {
    __asm volatile("udf #0");
  }
  const char *kind = exception < 7 ? kinds[exception] : "unexpected interrupt";
  bl_report_fault(overflow ? "stack overflow" : kind, names, values, 3 + STATUS_VALUES);
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

#define NOTHING_THERE 0xEEEE0000 /* no board maps anything at this address */

void hal_fault(char kind) {
  if (kind == 'b') {
    *(volatile uint32_t *)NOTHING_THERE = 1;
  } else if (kind == 'u') {
    __asm volatile("udf #0");
  } else if (kind == 's') {
    bl_overflow(0);
  } else if (kind == 'l') {
    lock_up = 1;
    __asm volatile("udf #0");
  }
}
