#include "exponential.h"
#include "requantise.h"
#include "softmax.h"

static int32_t scaled_exp(const bl_softmax_s8 *p, int32_t difference) {
  const int32_t shifted = (int32_t)((uint32_t)difference << p->shift);
  return bl_exp_negative(bl_doubling_high_mul(shifted, p->multiplier));
}

bl_status bl_softmax_s8_ref(const bl_softmax_s8 *p, const int8_t *input, int8_t *output) {
  if (p->count <= 0 || p->shift < 0 || p->shift > 31) {
    return BL_BAD_ARGUMENT;
  }
  int32_t maximum = INT8_MIN;
  for (int32_t c = 0; c < p->count; c++) {
    maximum = input[c] > maximum ? input[c] : maximum;
  }
  int32_t sum = 0; /* Q12.19 */
  for (int32_t c = 0; c < p->count; c++) {
    const int32_t difference = input[c] - maximum;
    if (difference >= p->difference_min) {
      sum += bl_rounding_shift_right(scaled_exp(p, difference), 12);
    }
  }
  int32_t headroom = 0; /* leading zeros of sum, which is at least exp(0) = 2^19 */
  while (!(((uint32_t)sum << headroom) & UINT32_C(0x80000000))) {
    headroom++;
  }
  const int32_t scale =
      bl_reciprocal_of_one_plus((int32_t)(((uint32_t)sum << headroom) - UINT32_C(0x80000000)));
  const int32_t exponent = 12 - headroom + 31 - 8; /* above 31 every quotient rounds to 0 */
  for (int32_t c = 0; c < p->count; c++) {
    const int32_t difference = input[c] - maximum;
    int32_t value = INT8_MIN;
    if (difference >= p->difference_min && exponent <= 31) {
      const int32_t product = bl_doubling_high_mul(scale, scaled_exp(p, difference));
      value = bl_clamp(bl_rounding_shift_right(product, exponent) + INT8_MIN, INT8_MIN, INT8_MAX);
    }
    output[c] = (int8_t)value;
  }
  return BL_OK;
}
