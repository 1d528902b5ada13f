#include <string.h>

#include "requantise.h"
#include "svdf.h"

static int is_valid(int32_t inputs, int32_t filters, int32_t memory, int32_t rank) {
  return inputs > 0 && filters > 0 && memory > 0 && rank > 0 && filters % rank == 0;
}

bl_status bl_svdf_s8_ref(const bl_svdf_s8 *p, const int8_t *input, const int8_t *feature,
                         const int32_t *feature_bias, const int16_t *time, const int32_t *bias,
                         int8_t *output, int16_t *history) {
  if (!is_valid(p->inputs, p->filters, p->memory, p->rank)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t u = 0; u < p->filters / p->rank; u++) {
    uint32_t sum = bias ? (uint32_t)bias[u] : 0; /* it wraps as the reference's does */
    for (int32_t r = 0; r < p->rank; r++) {
      int32_t number = *feature_bias++;
      for (int32_t i = 0; i < p->inputs; i++) {
        number += input[i] * *feature++;
      }
      number = bl_requantise(number, p->feature_multiplier, p->feature_shift);
      memmove(history, history + 1, (size_t)(p->memory - 1) * sizeof *history);
      history[p->memory - 1] = (int16_t)bl_clamp(number, INT16_MIN, INT16_MAX);
      for (int32_t t = 0; t < p->memory; t++) {
        sum += (uint32_t)(*history++ * *time++);
      }
    }
    const int32_t scaled = bl_requantise((int32_t)sum, p->output_multiplier, p->output_shift);
    output[u] = (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), INT8_MIN, INT8_MAX);
  }
  return BL_OK;
}

bl_status bl_svdf_f32_ref(const bl_svdf_f32 *p, const float *input, const float *feature,
                          const float *time, const float *bias, float *output, float *history) {
  if (!is_valid(p->inputs, p->filters, p->memory, p->rank)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t u = 0; u < p->filters / p->rank; u++) {
    float sum = bias ? bias[u] : 0.0f;
    for (int32_t r = 0; r < p->rank; r++) {
      float number = 0.0f;
      for (int32_t i = 0; i < p->inputs; i++) {
        number += input[i] * *feature++;
      }
      memmove(history, history + 1, (size_t)(p->memory - 1) * sizeof *history);
      history[p->memory - 1] = number;
      for (int32_t t = 0; t < p->memory; t++) {
        sum += *history++ * *time++;
      }
    }
    output[u] = bl_clamp_f32(sum, p->activation_min, p->activation_max);
  }
  return BL_OK;
}
