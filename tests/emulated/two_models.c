/* Two models in one firmware: each infers its inputs, all zeros but for the first; what they answer
 * is printed as hexadecimal bytes, a line each. */
#include <stdio.h>

#include "digits_cnn_int8.h"
#include "model.h"

_Alignas(16) static uint8_t
    arena[DIGITS_CNN_INT8_ARENA_BYTES > MODEL_ARENA_BYTES ? DIGITS_CNN_INT8_ARENA_BYTES
                                                          : MODEL_ARENA_BYTES];

static void print(const int8_t *values, int count) {
  for (int i = 0; i < count; i++) {
    printf("%02x", (unsigned)(uint8_t)values[i]);
  }
  printf("\n");
}

int main(void) {
  static int8_t digits[DIGITS_CNN_INT8_INPUT_COUNT], stripes[MODEL_INPUT_COUNT];
  int8_t digit[DIGITS_CNN_INT8_OUTPUT_COUNT], stripe[MODEL_OUTPUT_COUNT];
  for (int turn = 1; turn <= 2; turn++) {
    digits[0] = stripes[0] = (int8_t)(50 * turn);
    if (digits_cnn_int8_invoke(arena, sizeof arena, digits, digit) != DIGITS_CNN_INT8_OK ||
        model_invoke(arena, sizeof arena, stripes, stripe) != MODEL_OK) {
      return 1;
    }
    print(digit, DIGITS_CNN_INT8_OUTPUT_COUNT);
    print(stripe, MODEL_OUTPUT_COUNT);
  }
  return 0;
}
