/* Prints on the board's serial line, and reports faults there: for the one main file of a firmware.
 */
#ifndef SAY_H
#define SAY_H

#include "fault.h"
#include "hal.h"

static void say(const char *text) {
  while (*text) {
    hal_putc(*text++);
  }
}

static void say_hex(uint32_t value) {
  for (int32_t shift = 28; shift >= 0; shift -= 4) {
    hal_putc("0123456789abcdef"[value >> shift & 15]);
  }
}

/* A probability to three decimals, and its bits, so that a test can compare exactly. */
static void say_probability(float p) {
  union {
    float value;
    uint32_t bits;
  } exact = {.value = p};
  const uint32_t thousandths = (uint32_t)(p * 1000.0f + 0.5f);
  const char digits[] = {(char)('0' + thousandths / 1000),
                         '.',
                         (char)('0' + thousandths / 100 % 10),
                         (char)('0' + thousandths / 10 % 10),
                         (char)('0' + thousandths % 10),
                         ' ',
                         0};
  say(digits);
  say_hex(exact.bits);
  say("\n");
}

/* The start-up code's fault handlers report here. */
void bl_report_fault(const char *kind, const char *const *names, const uint32_t *values,
                     uint32_t count) {
  say("fault ");
  say(kind);
  for (uint32_t i = 0; i < count; i++) {
    say(" ");
    say(names[i]);
    say("=");
    say_hex(values[i]);
  }
  say("\n");
}

#endif
