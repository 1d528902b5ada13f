#include "mean.h"
#include "requantise.h"

bl_status bl_mean_s8_ref(const bl_mean_s8 *p, const int8_t *input, int8_t *output) {
  if (p->pixels <= 0 || p->channels <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t c = 0; c < p->channels; c++) {
    int32_t sum = 0;
    for (int32_t i = 0; i < p->pixels; i++) {
      sum += input[i * p->channels + c] - p->input_zero_point;
    }
    const int32_t scaled = bl_requantise(sum, p->multiplier, p->shift) + p->output_zero_point;
    output[c] = (int8_t)bl_clamp(scaled, INT8_MIN, INT8_MAX);
  }
  return BL_OK;
}

bl_status bl_mean_f32_ref(const bl_mean_f32 *p, const float *input, float *output) {
  if (p->pixels <= 0 || p->channels <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t c = 0; c < p->channels; c++) {
    float sum = 0.0f;
    for (int32_t i = 0; i < p->pixels; i++) {
      sum += input[i * p->channels + c];
    }
    output[c] = sum / (float)p->pixels;
  }
  return BL_OK;
}
