#include <math.h>

#include "binary.h"
#include "pairs.h"
#include "requantise.h"

static int32_t maximum_s8(const void *params, int32_t a, int32_t b) {
  (void)params;
  return a > b ? a : b;
}

static int32_t minimum_s8(const void *params, int32_t a, int32_t b) {
  (void)params;
  return a < b ? a : b;
}

static int32_t squared_difference_s8(const void *params, int32_t a, int32_t b) {
  const bl_squared_difference_s8 *p = params;
  const int32_t one = 1 << BL_DIFFERENCE_FRACTION_BITS;
  const int32_t difference =
      bl_requantise((a - p->a_zero_point) * one, p->a_multiplier, p->a_shift) -
      bl_requantise((b - p->b_zero_point) * one, p->b_multiplier, p->b_shift);
  const int32_t scaled =
      bl_requantise(difference * difference, p->output_multiplier, p->output_shift);
  return bl_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
}

static float maximum(float a, float b) {
  return a > b ? a : b;
}

static float minimum(float a, float b) {
  return a < b ? a : b;
}

static float squared_difference(float a, float b) {
  return (a - b) * (a - b);
}

bl_status bl_maximum_s8_ref(const bl_extreme_s8 *p, const int8_t *a, const int8_t *b,
                            int8_t *output) {
  return bl_pairs_s8(&p->shape, p, maximum_s8, a, b, output);
}

bl_status bl_minimum_s8_ref(const bl_extreme_s8 *p, const int8_t *a, const int8_t *b,
                            int8_t *output) {
  return bl_pairs_s8(&p->shape, p, minimum_s8, a, b, output);
}

bl_status bl_squared_difference_s8_ref(const bl_squared_difference_s8 *p, const int8_t *a,
                                       const int8_t *b, int8_t *output) {
  if (p->a_shift > 0 || p->b_shift > 0 || p->output_shift > 0) {
    return BL_BAD_ARGUMENT;
  }
  return bl_pairs_s8(&p->shape, p, squared_difference_s8, a, b, output);
}

bl_status bl_maximum_f32_ref(const bl_binary_f32 *p, const float *a, const float *b,
                             float *output) {
  return bl_pairs_f32(&p->shape, p->reversed, maximum, a, b, output);
}

bl_status bl_minimum_f32_ref(const bl_binary_f32 *p, const float *a, const float *b,
                             float *output) {
  return bl_pairs_f32(&p->shape, p->reversed, minimum, a, b, output);
}

bl_status bl_pow_f32_ref(const bl_binary_f32 *p, const float *a, const float *b, float *output) {
  return bl_pairs_f32(&p->shape, p->reversed, powf, a, b, output);
}

bl_status bl_squared_difference_f32_ref(const bl_binary_f32 *p, const float *a, const float *b,
                                        float *output) {
  return bl_pairs_f32(&p->shape, p->reversed, squared_difference, a, b, output);
}
