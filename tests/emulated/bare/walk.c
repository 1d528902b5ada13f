/* Walks over memory in known steps, for a data cache: each region reads or writes LINES lines. */
#include <stdint.h>

#define LINES 64
#define LINE_WORDS 8

void reset(void);
void walk(volatile uint32_t *at, uint32_t lines);
void fill(volatile uint32_t *at, uint32_t lines);
void done(void);
extern char stack_top[];

__attribute__((section(".vectors"), used)) static void (*const vectors[4])(void) = {
    [0] = (void (*)(void))stack_top, [1] = reset};

__attribute__((noinline)) void walk(volatile uint32_t *at, uint32_t lines) {
  for (uint32_t i = 0; i < lines; i++) {
    (void)at[i * LINE_WORDS];
    (void)at[i * LINE_WORDS + 1];
  }
}

__attribute__((noinline)) void fill(volatile uint32_t *at, uint32_t lines) {
  for (uint32_t i = 0; i < lines; i++) {
    at[i * LINE_WORDS] = i;
  }
}

__attribute__((noinline)) void done(void) {
  __asm volatile("");
}

void reset(void) {
  volatile uint32_t *const table = (volatile uint32_t *)0x20200000;
  walk(table, LINES); /* cold: each line misses */
  done();
  walk(table, LINES / 2); /* with room for 32 lines: the second half is there, the first not */
  done();
  walk(table, LINES / 2); /* all there */
  done();
  fill(table + LINES * LINE_WORDS, LINES / 4); /* cold, by writing */
  done();
  const uint32_t arguments[2] = {0x20026, 0};
  register uint32_t r0 __asm("r0") = 0x20;
  register const uint32_t *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" ::"r"(r0), "r"(r1) : "memory");
}
