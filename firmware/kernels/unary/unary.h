/* Functions of one float32 value: output[i] = f(input[i]), f being the function's name. Int8 uses
 * lookup.h. input and output may be the same buffer.
 *
 *   elu     x < 0 ? exp(x) - 1 : x
 *   gelu    x / 2 * (1 + erf(x / sqrt 2))
 *   gelu_tanh, an approximation of it: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
 *   round   to the nearest integer, ties to the even one
 *   rsqrt   1 / sqrt(x)
 */
#ifndef BL_UNARY_H
#define BL_UNARY_H

#include "kernel.h"

typedef struct {
  int32_t count;
} bl_unary_f32;

bl_status bl_abs_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_ceil_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_cos_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_elu_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_exp_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_floor_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_gelu_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_gelu_tanh_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_log_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_neg_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_round_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_rsqrt_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_sin_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_sqrt_f32_ref(const bl_unary_f32 *p, const float *input, float *output);
bl_status bl_square_f32_ref(const bl_unary_f32 *p, const float *input, float *output);

#endif
