#include "pairs.h"
#include "prelu.h"
#include "requantise.h"

static int32_t prelu_s8(const void *params, int32_t a, int32_t b) {
  const bl_prelu_s8 *p = params;
  const int32_t x = a - p->a_zero_point;
  const int32_t scaled =
      x >= 0 ? bl_requantise(x, p->multiplier, p->shift)
             : bl_requantise(x * (b - p->b_zero_point), p->slope_multiplier, p->slope_shift);
  return bl_clamp(bl_offset(scaled, p->output_zero_point), INT8_MIN, INT8_MAX);
}

static float prelu(float a, float b) {
  return a >= 0.0f ? a : a * b;
}

bl_status bl_prelu_s8_ref(const bl_prelu_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  return bl_pairs_s8(&p->shape, p, prelu_s8, a, b, output);
}

bl_status bl_prelu_f32_ref(const bl_prelu_f32 *p, const float *a, const float *b, float *output) {
  return bl_pairs_f32(&p->shape, 0, prelu, a, b, output);
}
