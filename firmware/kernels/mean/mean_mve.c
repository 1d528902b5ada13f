/* Four channels at a time. */
#include "mean.h"
#include "mve.h"
#include "requantise.h"

bl_status bl_mean_s8_mve(const bl_mean_s8 *p, const int8_t *input, int8_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t offset = p->reduced * p->input_zero_point;
  for (int32_t o = 0; o < p->outer; o++, input += p->reduced * p->inner) {
    for (int32_t i = 0; i < p->inner; i += 4) {
      const mve_pred16_t lanes = vctp32q((uint32_t)(p->inner - i));
      const int8_t *from = input + i;
      int32x4_t sum = vdupq_n_s32(-offset);
      for (int32_t r = p->reduced; r > 0; r--, from += p->inner) {
        sum = vaddq_s32(sum, vldrbq_z_s32(from, lanes));
      }
      int32_t sums[4];
      vst1q_s32(sums, sum);
      for (int32_t k = 0; k < 4 && i + k < p->inner; k++) {
        const int32_t scaled = bl_requantise(sums[k], p->multiplier, p->shift);
        *output++ = (int8_t)bl_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
      }
    }
  }
  return BL_OK;
}
