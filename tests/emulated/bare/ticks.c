/* Two loops as regions, without any library: the same work with and without SysTick interrupts. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REGISTER(0xE000E010)
#define SYST_RVR REGISTER(0xE000E014)
#define SYST_CVR REGISTER(0xE000E018)

void reset(void);
void systick(void);
extern char stack_top[];
volatile uint32_t ticks, sum;

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    [0] = (void (*)(void))stack_top, [1] = reset, [3] = reset, [15] = systick};

static void leave(uint32_t status) {
  const uint32_t arguments[2] = {0x20026, status};
  register uint32_t r0 __asm("r0") = 0x20;
  register const uint32_t *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" ::"r"(r0), "r"(r1) : "memory");
}

__attribute__((noinline)) static void bump(void) {
  ticks = ticks + 1;
}

/* Its return is a conditional one that is first not taken, and another. */
__attribute__((naked)) void systick(void) {
  __asm volatile(
      "cmp r0, r0\n\t"
      "it ne\n\t"
      "bxne lr\n\t"
      "push {r4, lr}\n\t"
      "bl %c0\n\t"
      "pop {r4, pc}\n\t" ::"i"(bump));
}

__attribute__((noinline)) void work(void) {
  for (uint32_t i = 0; i < 5000; i++) {
    sum = sum + i;
  }
}

__attribute__((noinline)) void nothing(void) {
  __asm volatile("");
}

void reset(void) {
  work();
  nothing();
  SYST_RVR = 999;
  SYST_CVR = 0;
  SYST_CSR = 7;
  work();
  nothing();
  SYST_CSR = 0;
  leave(ticks);
}
