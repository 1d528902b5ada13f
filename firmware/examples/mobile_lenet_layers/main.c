/* Classifies one picture and says so on the board's serial line. How to build it: README.md. */
#include "fault.h"
#include "hal.h"
#include "mobile_lenet.h"

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

int main(void) {
  float probabilities[CLASSES];
  hal_init();
  const bl_status status = mobile_lenet(picture, probabilities);
  if (status != BL_OK) {
    say("a layer refused its shape\n");
    hal_exit(1);
  }
  for (uint32_t i = 0; i < CLASSES; i++) {
    say_probability(probabilities[i]);
  }
  hal_exit(0);
}
