#include "exponential.h"
#include "l2_normalization.h"
#include "requantise.h"

static int32_t product(int32_t a, int32_t b) {
  return bl_doubling_high_mul(a, b);
}

/* 1 / sqrt(x) as *multiplier * 2^(*shift - 31): five Newton steps in Q3.28, from 1, on x shifted to
 * between 1/2 and 2. */
static void inverse_root(int32_t x, int32_t *multiplier, int32_t *shift) {
  if (x <= 1) {
    *multiplier = INT32_MAX;
    *shift = 0;
    return;
  }
  int32_t right = 11;
  while (x >= 1 << 29) {
    x /= 4;
    right++;
  }
  while (x < 1 << 27) {
    x *= 4;
    right--;
  }
  const int32_t three_halves = (1 << 28) + (1 << 27);
  const int32_t half = bl_rounding_shift_right(x >> 1, 1);
  int32_t root = 1 << 28;
  for (int32_t i = 0; i < 5; i++) {
    const int32_t cube = bl_shift_left_saturating(product(product(root, root), root), 6);
    root = bl_shift_left_saturating(product(three_halves, root) - product(half, cube), 3);
  }
  root = product(root, 1518500250); /* sqrt(1/2), Q0.31 */
  if (right < 0) {
    root = (int32_t)((uint32_t)root << -right);
    right = 0;
  }
  *multiplier = root;
  *shift = -right;
}

bl_status bl_l2_normalization_s8_ref(const bl_l2_normalization_s8 *p, const int8_t *input,
                                     int8_t *output) {
  if (p->rows <= 0 || p->row_length <= 0 || p->row_length > 1 << 15) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++, input += p->row_length, output += p->row_length) {
    int32_t sum = 0;
    for (int32_t c = 0; c < p->row_length; c++) {
      const int32_t x = input[c] - p->input_zero_point;
      sum += x * x;
    }
    int32_t multiplier, shift;
    inverse_root(sum, &multiplier, &shift);
    for (int32_t c = 0; c < p->row_length; c++) {
      const int32_t scaled =
          bl_requantise(input[c] - p->input_zero_point, multiplier, shift + 7); /* 1/128 */
      output[c] = (int8_t)bl_clamp(scaled, INT8_MIN, INT8_MAX);
    }
  }
  return BL_OK;
}
