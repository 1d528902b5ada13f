/* LEAKY_RELU in float32 and int16: output[i] = input[i] > 0 ? input[i] : alpha * input[i]. Int8
 * uses lookup.h. input and output may be the same buffer.
 */
#ifndef BL_LEAKY_RELU_H
#define BL_LEAKY_RELU_H

#include "kernel.h"

typedef struct {
  int32_t count;
  float alpha;
} bl_leaky_relu_f32;

bl_status bl_leaky_relu_f32_ref(const bl_leaky_relu_f32 *p, const float *input, float *output);

/* There are no zero points. `sign` is that of alpha, 1 or -1: a negative one turns the rounded
 * product around. */
typedef struct {
  int32_t count;
  int32_t multiplier, shift; /* of values from 0 upwards, see requantise.h */
  int32_t alpha_multiplier, alpha_shift, sign;
} bl_leaky_relu_s16;

bl_status bl_leaky_relu_s16_ref(const bl_leaky_relu_s16 *p, const int16_t *input, int16_t *output);

#endif
