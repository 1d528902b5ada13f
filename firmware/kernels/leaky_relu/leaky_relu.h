/* LEAKY_RELU in float32: output[i] = input[i] > 0 ? input[i] : alpha * input[i]. Int8 uses
 * lookup.h. input and output may be the same buffer.
 */
#ifndef BL_LEAKY_RELU_H
#define BL_LEAKY_RELU_H

#include "kernel.h"

typedef struct {
  int32_t count;
  float alpha;
} bl_leaky_relu_f32;

bl_status bl_leaky_relu_f32_ref(const bl_leaky_relu_f32 *p, const float *input, float *output);

#endif
