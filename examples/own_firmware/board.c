/* Start-up and UART 0 of Arm's MPS2+ with AN386, a Cortex-M4. */
#include "board.h"

#include <string.h>

typedef struct {
  volatile uint32_t data, state, control, interrupt, divider;
} uart;

#define UART0 ((uart *)0x40004000)
#define SENDING 1u  /* of state: a byte waits to be sent */
#define RECEIVED 2u /* a byte has come */
#define CPACR (*(volatile uint32_t *)0xE000ED88)

extern uint32_t stack_top[], data_begin[], data_end[], data_load[], bss_begin[], bss_end[];

int main(void);

void board_begin(void) {
  UART0->divider = 16;
  UART0->control = 3; /* send and receive */
}

void board_put(char c) {
  while (UART0->state & SENDING) {
  }
  UART0->data = (uint8_t)c;
}

uint8_t board_get(void) {
  while (!(UART0->state & RECEIVED)) {
  }
  return (uint8_t)UART0->data;
}

static void stop(void) {
  for (;;) {
  }
}

void reset(void) {
  CPACR |= 0xFu << 20; /* the FPU */
  __asm__ volatile("dsb\n\tisb");
  memcpy(data_begin, data_load, (size_t)((char *)data_end - (char *)data_begin));
  memset(bss_begin, 0, (size_t)((char *)bss_end - (char *)bss_begin));
  main();
  stop();
}

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const struct {
  void *stack;
  vector handlers[15];
} vectors = {stack_top, {reset, stop, stop, stop, stop, stop}};
