/* Works for a while, then faults; its handler works on and ends with status 3. With LOCKUP there is
 * no handler, with STUCK it waits for ever, with HANG the program never ends. The UART is polled,
 * and written through. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA REGISTER(0x40004000)
#define UART_STATE REGISTER(0x40004004)
#define UART_CTRL REGISTER(0x40004008)
#define UART_BAUDDIV REGISTER(0x40004010)

void reset(void);
void fault(void);
void work(void);
void hang(void);
extern char stack_top[];

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    [0] = (void (*)(void))stack_top,
    [1] = reset,
#ifdef LOCKUP
    [3] = 0
#else
    [3] = fault
#endif
};

static void leave(uint32_t status) {
  const uint32_t arguments[2] = {0x20026, status};
  register uint32_t r0 __asm("r0") = 0x20;
  register const uint32_t *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" ::"r"(r0), "r"(r1) : "memory");
}

static void print(const char *text) {
  for (; *text; text++) {
    while (UART_STATE & 1) {
    }
    UART_DATA = (uint8_t)*text;
  }
}

__attribute__((noinline)) void work(void) {
  static volatile uint32_t table[64];
  for (uint32_t i = 0; i < 2000; i++) {
    table[i % 64] += i % 3 ? i : table[i / 64];
  }
}

__attribute__((noinline)) void hang(void) {
  for (;;) {
    work();
  }
}

void fault(void) {
#ifdef STUCK
  for (;;) {
  }
#endif
  print("faulted\n");
  work();
  leave(3);
}

__attribute__((noinline)) void touch(uint32_t address) {
  work();
  REGISTER(address) = 1;
  work();
}

void reset(void) {
  UART_BAUDDIV = 16;
  UART_CTRL = 1;
  print("at work\n");
  work();
#ifdef HANG
  hang();
#endif
  touch(0xDEAD0000);
  leave(0);
}
