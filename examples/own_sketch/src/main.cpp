/* A sketch of one's own around a model of `boardless compile --standalone --for platformio`. On
 * Serial it answers MLPerf Tiny's commands, as far as `boardless run --elf` needs them: name,
 * profile, db and infer. A command ends with %.
 */
#include <Arduino.h>
#include <string.h>

#include "model.h"

alignas(16) static uint8_t arena[MODEL_ARENA_BYTES];
static int8_t picture[MODEL_INPUT_COUNT], output[MODEL_OUTPUT_COUNT];
static unsigned loaded, expected; /* bytes of the picture */
static char command[81];
static unsigned length; /* of the command so far */

/* `--region inference_begin:inference_end` counts what lies between these two. */
extern "C" __attribute__((noinline)) void inference_begin(void) {
  __asm__ volatile("");
}
extern "C" __attribute__((noinline)) void inference_end(void) {
  __asm__ volatile("");
}

static unsigned number(const char *text) {
  unsigned value = 0;
  while (*text >= '0' && *text <= '9') {
    value = value * 10 + (unsigned)(*text++ - '0');
  }
  return value;
}

static int digit(char c) {
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* "load N", or bytes of the picture as hexadecimal digits. */
static void db(const char *words) {
  if (!strncmp(words, "load ", 5)) {
    loaded = 0;
    expected = number(words + 5);
    if (expected > sizeof picture) {
      Serial.println("e-[db: the picture is too large]");
      expected = 0;
    }
    return;
  }
  for (; words[0] && words[1] && loaded < expected; words += 2) {
    picture[loaded++] = (int8_t)(digit(words[0]) << 4 | digit(words[1]));
  }
  if (loaded == expected) {
    Serial.println("m-load-done");
  }
}

static void lap(void) {
  Serial.print("m-lap-us-");
  Serial.println(micros());
}

/* "N W": N inferences after W warm-ups, then the outputs of the last as real numbers. */
static void infer(const char *words) {
  const unsigned count = number(words);
  const char *space = strchr(words, ' ');
  for (unsigned i = space ? number(space + 1) : 10; i > 0; i--) {
    model_invoke(arena, sizeof arena, picture, output);
  }
  lap();
  for (unsigned i = 0; i < count; i++) {
    inference_begin();
    const model_status status = model_invoke(arena, sizeof arena, picture, output);
    inference_end();
    if (status != MODEL_OK) {
      Serial.println("e-[infer: refused]");
      return;
    }
  }
  lap();
  Serial.print("m-results-[");
  for (unsigned i = 0; i < MODEL_OUTPUT_COUNT; i++) {
    if (i) {
      Serial.print(",");
    }
    Serial.print((output[i] - MODEL_OUTPUT_ZERO_POINT) * (double)MODEL_OUTPUT_SCALE, 3);
  }
  Serial.println("]");
}

static void answer(void) {
  if (!strcmp(command, "name")) {
    Serial.println("m-name-dut-[sketch]");
  } else if (!strcmp(command, "profile")) {
    Serial.println("m-profile-[ULPMark for tinyML Firmware V0.0.1]");
    Serial.println("m-model-[model]");
  } else if (!strncmp(command, "db ", 3)) {
    db(command + 3);
  } else if (!strncmp(command, "infer ", 6)) {
    infer(command + 6);
  } else {
    Serial.println("e-[Unknown command]");
  }
  Serial.println("m-ready");
}

void setup() {
  Serial.begin(115200);
  Serial.println("m-init-done");
  Serial.println("m-ready");
}

void loop() {
  if (!Serial.available()) {
    return;
  }
  const char c = (char)Serial.read();
  if (c == '%') {
    command[length] = 0;
    length = 0;
    answer();
  } else if (length < sizeof command - 1 && c >= ' ') {
    command[length++] = c;
  }
}
