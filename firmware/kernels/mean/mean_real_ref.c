#include "mean.h"
#include "real_factor.h"

bl_status bl_mean_real_s8_ref(const bl_mean_real_s8 *p, const int8_t *input, int8_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const int8_t *from = input + o * p->reduced * p->inner + i;
      int32_t sum = 0;
      for (int32_t r = 0; r < p->reduced; r++) {
        sum += from[r * p->inner];
      }
      const volatile float product = (float)sum * p->factor; /* rounded before the sum */
      *output++ = (int8_t)bl_clamp(bl_round_to_even(product + p->zero_point), INT8_MIN, INT8_MAX);
    }
  }
  return BL_OK;
}
