#include "mean.h"
#include "requantise.h"

bl_status bl_mean_s16_ref(const bl_mean_s16 *p, const int16_t *input, int16_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const int16_t *from = input + o * p->reduced * p->inner + i;
      int32_t sum = 0;
      for (int32_t r = 0; r < p->reduced; r++) {
        sum += from[r * p->inner];
      }
      const int32_t scaled = bl_requantise(sum, p->multiplier, p->shift);
      *output++ = (int16_t)bl_clamp(scaled, INT16_MIN, INT16_MAX);
    }
  }
  return BL_OK;
}
