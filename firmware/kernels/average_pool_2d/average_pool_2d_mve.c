/* Four channels at a time. */
#include "means.h"
#include "mve.h"

static void pixel(const bl_average_pool_2d_s8 *p, const bl_mean_of *mean, const int8_t *from,
                  int32_t columns, int32_t column_step, int32_t rows, int32_t row_step,
                  int8_t *output) {
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  const uint32x4_t reciprocal = vdupq_n_u32(mean->reciprocal);
  const int32x4_t ties = vdupq_n_s32(mean->ties);
  for (int32_t c = 0; c < p->window.output_c; c += 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(p->window.output_c - c));
    int32x4_t sums = vdupq_n_s32(0);
    const int8_t *row = from + c;
    for (int32_t left = rows; left > 0; left--, row += row_step) {
      const int8_t *at = row;
      for (int32_t k = columns; k > 0; k--, at += column_step) {
        sums = vaddq_s32(sums, vldrbq_z_s32(at, lanes));
      }
    }
    const int32x4_t rounded = vaddq_s32(sums, vandq_s32(vshrq_n_s32(sums, 31), ties));
    const int32x4_t twice = vshlq_n_s32(vaddq_n_s32(rounded, mean->start), 1);
    const uint32x4_t quotients = vmulhq_u32(vreinterpretq_u32_s32(twice), reciprocal);
    const int32x4_t means = vsubq_n_s32(vreinterpretq_s32_u32(quotients), 128);
    vstrbq_p_s32(output + c, vminq_s32(vmaxq_s32(means, min), max), lanes);
  }
}

bl_status bl_average_pool_2d_s8_mve(const bl_average_pool_2d_s8 *p, const int8_t *input,
                                    int8_t *output) {
  return bl_average_windows(p, input, output, pixel);
}
