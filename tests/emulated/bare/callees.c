/* Functions that call others, one of assembly that has no size, and one with a name as C++ makes
 * it. */
#include <stdint.h>

void reset(void);
int work(int rounds);
int add(int a, int b) __asm("_Z3addii");
int bare(int value);

extern char stack_top[];
__attribute__((section(".vectors"), used)) static void (*const vectors[4])(void) = {
    [0] = (void (*)(void))stack_top, [1] = reset};

__asm(
    ".text; .thumb; .syntax unified; .global bare; .thumb_func; bare: adds r0, #1; adds r0, #1; bx "
    "lr");

__attribute__((noinline)) int add(int a, int b) {
  __asm volatile("nop; nop; nop; nop");
  return a + b;
}

__attribute__((noinline)) int work(int rounds) {
  int sum = 0;
  for (int i = 0; i < rounds; ++i) {
    sum = add(sum, bare(i));
  }
  return sum;
}

void reset(void) {
  volatile int sum = 0;
  for (int i = 0; i < 3; ++i) {
    sum += work(10);
  }
  const uint32_t block[2] = {0x20026U, 0};
  register uint32_t r0 __asm("r0") = 0x20U;
  register const uint32_t *r1 __asm("r1") = block;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  for (;;) {
  }
}
