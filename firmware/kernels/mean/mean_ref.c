#include "mean.h"
#include "requantise.h"

bl_status bl_mean_s8_ref(const bl_mean_s8 *p, const int8_t *input, int8_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const int8_t *from = input + o * p->reduced * p->inner + i;
      int32_t sum = 0;
      for (int32_t r = 0; r < p->reduced; r++) {
        sum += from[r * p->inner] - p->input_zero_point;
      }
      const int32_t scaled = bl_requantise(sum, p->multiplier, p->shift) + p->output_zero_point;
      *output++ = (int8_t)bl_clamp(scaled, INT8_MIN, INT8_MAX);
    }
  }
  return BL_OK;
}

bl_status bl_mean_f32_ref(const bl_mean_f32 *p, const float *input, float *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const float *from = input + o * p->reduced * p->inner + i;
      float sum = 0.0f;
      for (int32_t r = 0; r < p->reduced; r++) {
        sum += from[r * p->inner];
      }
      *output++ = sum / (float)p->reduced;
    }
  }
  return BL_OK;
}
