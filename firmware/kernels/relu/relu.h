/* RELU, RELU6, RELU_0_TO_1 and RELU_N1_TO_1 in float32: output[i] = input[i] clamped to [min, max].
 * Int8 uses lookup.h. input and output may be the same buffer.
 */
#ifndef BL_RELU_H
#define BL_RELU_H

#include "kernel.h"

typedef struct {
  int32_t count;
  float activation_min, activation_max;
} bl_relu_f32;

bl_status bl_relu_f32_ref(const bl_relu_f32 *p, const float *input, float *output);

/* int16; there are no zero points. */
typedef struct {
  int32_t count;
  int32_t multiplier, shift; /* see requantise.h */
  int32_t activation_min, activation_max;
} bl_relu_s16;

bl_status bl_relu_s16_ref(const bl_relu_s16 *p, const int16_t *input, int16_t *output);

#endif
