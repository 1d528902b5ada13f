/* Four outputs at a time, 16 inputs per step. */
#include "fully_connected.h"
#include "mve.h"
#include "requantise.h"

bl_status bl_fully_connected_s8_mve(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int32_t *filter, int8_t *output) {
  if (p->input_c <= 0 || p->output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->output_c; o += 4, filter += BL_MVE_HEAD + p->input_c) {
    int32_t sums[4];
    vst1q_s32(sums, bl_mve_dots(input, (const int8_t *)(filter + BL_MVE_HEAD), p->input_c, filter));
    for (int32_t k = 0; k < 4 && o + k < p->output_c; k++) {
      const int32_t scaled = bl_requantise_once(sums[k], filter[4 + k], filter[8 + k]);
      output[o + k] = (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), p->activation_min,
                                       p->activation_max);
    }
  }
  return BL_OK;
}
