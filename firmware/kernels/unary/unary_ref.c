#include <math.h>

#include "unary.h"

/* A function of its own for each operator: a firmware then holds only those that its model calls,
 * and the parts of libm that they need. */
static bl_status each(const bl_unary_f32 *p, const float *input, float *output,
                      float (*function)(float)) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = function(input[i]);
  }
  return BL_OK;
}

static float neg(float x) {
  return -x;
}

static float square(float x) {
  return x * x;
}

static float rsqrt(float x) {
  return 1.0f / sqrtf(x);
}

static float elu(float x) {
  return x < 0.0f ? expm1f(x) : x;
}

static float gelu(float x) {
  return 0.5f * x * (1.0f + erff(x * 0.70710678f));
}

static float gelu_tanh(float x) {
  return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
}

bl_status bl_abs_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, fabsf);
}

bl_status bl_ceil_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, ceilf);
}

bl_status bl_cos_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, cosf);
}

bl_status bl_elu_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, elu);
}

bl_status bl_exp_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, expf);
}

bl_status bl_floor_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, floorf);
}

bl_status bl_gelu_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, gelu);
}

bl_status bl_gelu_tanh_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, gelu_tanh);
}

bl_status bl_log_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, logf);
}

bl_status bl_neg_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, neg);
}

bl_status bl_round_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, rintf);
}

bl_status bl_rsqrt_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, rsqrt);
}

bl_status bl_sin_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, sinf);
}

bl_status bl_sqrt_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, sqrtf);
}

bl_status bl_square_f32_ref(const bl_unary_f32 *p, const float *input, float *output) {
  return each(p, input, output, square);
}
