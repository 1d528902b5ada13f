/* Reads weights and pictures from files, classifies the pictures and prints the probabilities. A
 * file that is missing or has another size is named. How to build it: README.md. */
#include "files.h"
#include "mobile_lenet.h"
#include "say.h"

float w01[8 * 3 * 9], b01[8], bn01[4 * 8];
float w02[8 * 9], bn02[4 * 8], w03[8 * 8], bn03[4 * 8];
float w04[8 * 9], bn04[4 * 8], w05[8 * 8], bn05[4 * 8];
float w06[8 * 9], bn06[4 * 8], w07[16 * 8], bn07[4 * 16];
float w08[16 * 9], bn08[4 * 16], w09[16 * 16], bn09[4 * 16];
float w10[16 * 9], bn10[4 * 16], w11[24 * 16], bn11[4 * 24];
float w12[24 * 9], bn12[4 * 24], w13[24 * 24], bn13[4 * 24];
float w14[8 * 24], b14[8];

#define ARRAY(name) {#name ".bin", name, sizeof name}

static const struct {
  const char *file;
  float *values;
  uint32_t bytes;
} arrays[] = {
    ARRAY(w01),  ARRAY(b01), ARRAY(bn01), ARRAY(w02), ARRAY(bn02), ARRAY(w03),
    ARRAY(bn03), ARRAY(w04), ARRAY(bn04), ARRAY(w05), ARRAY(bn05), ARRAY(w06),
    ARRAY(bn06), ARRAY(w07), ARRAY(bn07), ARRAY(w08), ARRAY(bn08), ARRAY(w09),
    ARRAY(bn09), ARRAY(w10), ARRAY(bn10), ARRAY(w11), ARRAY(bn11), ARRAY(w12),
    ARRAY(bn12), ARRAY(w13), ARRAY(bn13), ARRAY(w14), ARRAY(b14),
};

static void say_number(uint32_t value) {
  if (value >= 10) {
    say_number(value / 10);
  }
  hal_putc((char)('0' + value % 10));
}

/* Opens a file whose size is `bytes`, or a multiple of it. Ends the program where it is not. */
static int32_t opened(const char *name, uint32_t bytes, uint32_t *count) {
  const int32_t file = file_open(name);
  if (file < 0) {
    say(name);
    say(" is missing\n");
    hal_exit(1);
  }
  const int32_t found = file_bytes(file);
  *count = found > 0 ? (uint32_t)found / bytes : 0;
  if (found <= 0 || (uint32_t)found % bytes) {
    say(name);
    say(" has ");
    say_number(found > 0 ? (uint32_t)found : 0);
    say(" bytes, not ");
    say_number(bytes);
    say("\n");
    hal_exit(1);
  }
  return file;
}

static void read(int32_t file, const char *name, float *to, uint32_t bytes) {
  if (file_read(file, to, (int32_t)bytes) != (int32_t)bytes) {
    say(name);
    say(" cannot be read\n");
    hal_exit(1);
  }
}

int main(void) {
  static float input[PIXELS];
  float probabilities[CLASSES];
  uint32_t count;
  hal_init();
  for (uint32_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    const int32_t file = opened(arrays[i].file, arrays[i].bytes, &count);
    if (count != 1) {
      say(arrays[i].file);
      say(" is too long\n");
      hal_exit(1);
    }
    read(file, arrays[i].file, arrays[i].values, arrays[i].bytes);
    file_close(file);
  }
  const int32_t file = opened("picture.bin", sizeof input, &count);
  for (uint32_t k = 0; k < count; k++) {
    read(file, "picture.bin", input, sizeof input);
    if (mobile_lenet(input, probabilities) != BL_OK) {
      say("a layer refused its shape\n");
      hal_exit(1);
    }
    for (uint32_t i = 0; i < CLASSES; i++) {
      say_probability(probabilities[i]);
    }
  }
  file_close(file);
  hal_exit(0);
}
