#include "exponential.h"
#include "requantise.h"
#include "softmax.h"

static int32_t scaled_exp(const bl_softmax_s8 *p, int32_t difference) {
  const int32_t shifted = (int32_t)((uint32_t)difference << p->shift);
  return bl_exp_negative(bl_doubling_high_mul(shifted, p->multiplier));
}

static void softmax(const bl_softmax_s8 *p, const int8_t *input, int16_t *output) {
  int32_t maximum = INT8_MIN;
  for (int32_t c = 0; c < p->count; c++) {
    maximum = input[c] > maximum ? input[c] : maximum;
  }
  int32_t sum = 0; /* Q12.19, at least exp(0) = 2^19 */
  for (int32_t c = 0; c < p->count; c++) {
    const int32_t difference = input[c] - maximum;
    if (difference >= p->difference_min) {
      sum += bl_rounding_shift_right(scaled_exp(p, difference), 12);
    }
  }
  int32_t headroom = 0;
  while (!(((uint32_t)sum << headroom) & UINT32_C(0x80000000))) {
    headroom++;
  }
  const int32_t scale =
      bl_reciprocal_of_one_plus((int32_t)(((uint32_t)sum << headroom) - UINT32_C(0x80000000)));
  const int32_t exponent = 12 - headroom + 31 - 16;
  for (int32_t c = 0; c < p->count; c++) {
    const int32_t difference = input[c] - maximum;
    int32_t value = INT16_MIN;
    if (difference >= p->difference_min) {
      const int32_t product = bl_doubling_high_mul(scale, scaled_exp(p, difference));
      value += bl_rounding_shift_right(product, exponent);
    }
    output[c] = (int16_t)bl_clamp(value, INT16_MIN, INT16_MAX);
  }
}

bl_status bl_softmax_rows_s16_of_s8_ref(const bl_softmax_rows_s8 *p, const int8_t *input,
                                        int16_t *output) {
  if (p->row.count <= 0 || p->rows <= 0 || p->row.shift < 0 || p->row.shift > 31) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++) {
    softmax(&p->row, input, output);
    input += p->row.count;
    output += p->row.count;
  }
  return BL_OK;
}
