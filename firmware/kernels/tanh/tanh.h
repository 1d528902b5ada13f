/* TANH in float32: output[i] = tanh(input[i]). Int8 uses lookup.h. input and output may be the same
 * buffer.
 */
#ifndef BL_TANH_H
#define BL_TANH_H

#include "kernel.h"

typedef struct {
  int32_t count;
} bl_tanh_f32;

bl_status bl_tanh_f32_ref(const bl_tanh_f32 *p, const float *input, float *output);

#endif
