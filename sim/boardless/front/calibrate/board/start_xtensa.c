/* Start-up code for measured programs on an emulated Xtensa with windowed registers: memory, main,
 * exit status. Vectors and first instructions are those of our firmware (hal/xtensa). */
#include <stddef.h>
#include <stdint.h>

extern uint32_t cal_data_load[], cal_data_start[], cal_data_end[], cal_bss_start[], cal_bss_end[];

int main(int argc, char **argv);
void bl_start(void);
void bl_fault(void);
void _exit(int status);

#define STATUS_OF_A_FAULT 119

/* QEMU's simulator call 1: exit with the status in a3. */
__attribute__((weak, noreturn)) void _exit(int status) {
  register uint32_t a2 __asm__("a2") = 1;
  register uint32_t a3 __asm__("a3") = (uint32_t)status;
  __asm__ volatile(".byte 0x00, 0x51, 0x00" ::"r"(a2), "r"(a3) : "memory");
  for (;;) {
  }
}

__attribute__((noreturn)) void bl_fault(void) {
  _exit(STATUS_OF_A_FAULT);
}

__attribute__((noreturn)) void bl_start(void) {
  const uint32_t *from = cal_data_load;
  for (uint32_t *to = cal_data_start; to < cal_data_end; ++to) {
    *to = *from++;
  }
  for (uint32_t *to = cal_bss_start; to < cal_bss_end; ++to) {
    *to = 0;
  }
  _exit(main(0, NULL));
}
