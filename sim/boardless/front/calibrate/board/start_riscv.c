/* Start-up code for measured programs on an emulated RISC-V (QEMU's virt): memory, main, exit
 * status. It lies where the machine begins, in the place that a Cortex-M has its vectors in.
 */
#include <stddef.h>
#include <stdint.h>

extern uint32_t cal_data_load[], cal_data_start[], cal_data_end[], cal_bss_start[], cal_bss_end[];

int main(int argc, char **argv);
void cal_reset(void);
void cal_begin(void);
void _exit(int status);

#define TEST_DEVICE (*(volatile uint32_t *)0x100000U)
#define PASSED 0x5555U
#define FAILED 0x3333U

__attribute__((weak, noreturn)) void _exit(int status) {
  TEST_DEVICE = status == 0 ? PASSED : (uint32_t)status << 16 | FAILED;
  for (;;) {
  }
}

__attribute__((noreturn, used)) void cal_begin(void) {
  const uint32_t *from = cal_data_load;
  for (uint32_t *to = cal_data_start; to < cal_data_end; ++to) {
    *to = *from++;
  }
  for (uint32_t *to = cal_bss_start; to < cal_bss_end; ++to) {
    *to = 0;
  }
  _exit(main(0, NULL));
}

__attribute__((section(".cal_vectors"), naked, used)) void cal_reset(void) {
  __asm__ volatile(
      ".option push\n\t.option norelax\n\tla gp, __global_pointer$\n\t.option pop\n\t"
      "la sp, cal_stack_top\n\tj cal_begin");
}
