/* HARD_SWISH in float32: output[i] = input[i] * clamp(input[i] + 3, 0, 6) / 6. Int8 uses lookup.h.
 * input and output may be the same buffer.
 */
#ifndef BL_HARD_SWISH_H
#define BL_HARD_SWISH_H

#include "kernel.h"

typedef struct {
  int32_t count;
} bl_hard_swish_f32;

bl_status bl_hard_swish_f32_ref(const bl_hard_swish_f32 *p, const float *input, float *output);

#endif
