/* Four channels at a time, as two pairs of sums; int16 holds those of 255 values. */
#include "dsp.h"
#include "mean.h"
#include "requantise.h"

bl_status bl_mean_s8_dsp(const bl_mean_s8 *p, const int8_t *input, int8_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->reduced > 255 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t inner = p->inner, offset = p->reduced * p->input_zero_point;
  for (int32_t o = 0; o < p->outer; o++, input += p->reduced * inner) {
    for (int32_t i = 0; i < inner;) {
      int32_t sums[4] = {0, 0, 0, 0}, count = 1;
      const int8_t *from = input + i;
      if (i + 4 <= inner) {
        uint32_t even = 0, odd = 0;
        for (int32_t r = p->reduced; r > 0; r--, from += inner) {
          const uint32_t four = bl_load32(from);
          even = bl_sxtab16(even, four);
          odd = bl_sxtab16_odd(odd, four);
        }
        sums[0] = (int16_t)even, sums[1] = (int16_t)odd;
        sums[2] = (int16_t)(even >> 16), sums[3] = (int16_t)(odd >> 16);
        count = 4;
      } else {
        for (int32_t r = p->reduced; r > 0; r--, from += inner) {
          sums[0] += *from;
        }
      }
      for (int32_t k = 0; k < count; k++, i++) {
        const int32_t scaled = bl_requantise(sums[k] - offset, p->multiplier, p->shift);
        *output++ = (int8_t)bl_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
      }
    }
  }
  return BL_OK;
}
