/* Four outputs at a time, 16 inputs per step. */
#include "fully_connected.h"
#include "mve.h"
#include "requantise.h"

enum { MOST_SHIFT = -2 }; /* with which all that is shifted out lies in a product's upper word */

/* bl_requantise_once of four sums for shifts of -2 and less: magnitudes tie upwards. */
static inline int32x4_t requantise_once(int32x4_t sums, int32x4_t multiplier, int32x4_t shift) {
  const uint32x4_t magnitude = vreinterpretq_u32_s32(vabsq_s32(sums));
  const uint32x4_t product = vmulhq_u32(magnitude, vreinterpretq_u32_s32(multiplier));
  const int32x4_t scaled = vreinterpretq_s32_u32(vrshlq_u32(product, vaddq_n_s32(shift, 1)));
  return vnegq_m_s32(scaled, scaled, vcmpltq_n_s32(sums, 0));
}

/* The same for any shift. */
static __attribute__((noinline)) int32x4_t requantise_each(int32x4_t sums, const int32_t *filter) {
  int32_t each[4];
  vst1q_s32(each, sums);
  for (int32_t k = 0; k < 4; k++) {
    each[k] = bl_requantise_once(each[k], filter[4 + k], filter[8 + k]);
  }
  return vld1q_s32(each);
}

bl_status bl_fully_connected_s8_mve(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int32_t *filter, int8_t *output) {
  if (p->input_c <= 0 || p->output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  for (int32_t left = p->output_c; left > 0; left -= 4, output += 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    const int32x4_t shift = vld1q_s32(filter + 8);
    int32x4_t sums =
        bl_mve_dots(input, (const int8_t *)(filter + BL_MVE_HEAD), p->input_c, p->input_c, filter);
    sums = vmaxvq_p_s32(INT32_MIN, shift, lanes) <= MOST_SHIFT
               ? requantise_once(sums, vld1q_s32(filter + 4), shift)
               : requantise_each(sums, filter);
    sums = vminq_s32(vmaxq_s32(vaddq_n_s32(sums, p->output_zero_point), min), max);
    vstrbq_p_s32(output, sums, lanes);
    filter += BL_MVE_HEAD + p->input_c;
  }
  return BL_OK;
}
