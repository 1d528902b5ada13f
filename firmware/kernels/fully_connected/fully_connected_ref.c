#include "fully_connected.h"
#include "requantise.h"

bl_status bl_fully_connected_s8_ref(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int8_t *filter, const int32_t *bias,
                                    const int32_t *multiplier, const int32_t *shift,
                                    int8_t *output) {
  if (p->input_c <= 0 || p->output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->output_c; o++) {
    const int8_t *taps = filter + o * p->input_c;
    uint32_t sum = bias ? (uint32_t)bias[o] : 0; /* wraps, as TFLite's */
    for (int32_t c = 0; c < p->input_c; c++) {
      sum += (uint32_t)((input[c] - p->input_zero_point) * taps[c]);
    }
    const int32_t k = p->scales > 1 ? o : 0;
    const int32_t scaled =
        bl_offset(bl_requantise_once((int32_t)sum, multiplier[k], shift[k]), p->output_zero_point);
    output[o] = (int8_t)bl_clamp(scaled, p->activation_min, p->activation_max);
  }
  return BL_OK;
}

bl_status bl_fully_connected_f32_ref(const bl_fully_connected_f32 *p, const float *input,
                                     const float *filter, const float *bias, float *output) {
  if (p->input_c <= 0 || p->output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->output_c; o++) {
    const float *taps = filter + o * p->input_c;
    float sum = 0.0f;
    for (int32_t c = 0; c < p->input_c; c++) {
      sum += input[c] * taps[c];
    }
    sum += bias ? bias[o] : 0.0f;
    output[o] = bl_clamp_f32(sum, p->activation_min, p->activation_max);
  }
  return BL_OK;
}
