/* Start-up code for measured programs on an emulated Cortex-M: vectors, memory, FPU, main, exit
 * status.
 *
 * The vector table is as long as the measured part's, so that code begins at the same address.
 * main's result leaves by semihosting (SYS_EXIT_EXTENDED), which ends the emulator with that
 * status.
 */
#include <stddef.h>
#include <stdint.h>

extern uint32_t cal_data_load[], cal_data_start[], cal_data_end[], cal_bss_start[], cal_bss_end[];
extern uint32_t cal_stack_top[];

int main(int argc, char **argv);
void cal_reset(void);
void cal_fault(void);

#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88U)
#define SYS_EXIT_EXTENDED 0x20U
#define ADP_STOPPED_APPLICATION_EXIT 0x20026U
#define STATUS_OF_A_FAULT 119U

__attribute__((noreturn)) static void leave(uint32_t status) {
  const uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, status};
  register uint32_t r0 __asm__("r0") = SYS_EXIT_EXTENDED;
  register const uint32_t *r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  for (;;) {
  }
}

void cal_fault(void) {
  leave(STATUS_OF_A_FAULT);
}

/* The C library may ask for these; a measured program must get along without an operating system.
 */
__attribute__((weak, noreturn)) void _exit(int status) {
  leave((uint32_t)status);
}

__attribute__((noreturn)) void cal_reset(void) {
  SCB_CPACR |= 0xFU << 20; /* full access to the FPU, where there is one */
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  const uint32_t *from = cal_data_load;
  for (uint32_t *to = cal_data_start; to < cal_data_end; ++to) {
    *to = *from++;
  }
  for (uint32_t *to = cal_bss_start; to < cal_bss_end; ++to) {
    *to = 0;
  }
  leave((uint32_t)main(0, NULL));
}

typedef void (*handler)(void);

#ifdef CAL_CALLS /* the table of the ELF that is called into stays, but for its first two words */
__attribute__((section(".cal_boot"), used)) static const struct {
  uint32_t *stack;
  handler reset;
} boot = {cal_stack_top, cal_reset};
#else
enum { VECTORS = 98 }; /* STM32F407: 16 of the core, 82 interrupts */

__attribute__((section(".cal_vectors"), used)) static const struct {
  uint32_t *stack;
  handler reset;
  handler rest[VECTORS - 2];
} vectors = {cal_stack_top, cal_reset, {[0 ... VECTORS - 3] = cal_fault}};
#endif
