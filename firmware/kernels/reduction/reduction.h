/* Reductions over neighbouring axes, such as height and width:
 *
 *   output[o, i] = f over r of input[o, r, i], f being the least value, or the sum
 *
 * An int8 output has the input's scale and zero point.
 */
#ifndef BL_REDUCTION_H
#define BL_REDUCTION_H

#include "kernel.h"

typedef struct {
  int32_t outer, reduced, inner; /* for HWC to C: 1, H * W, C */
} bl_reduction;

bl_status bl_reduce_min_s8_ref(const bl_reduction *p, const int8_t *input, int8_t *output);

bl_status bl_reduce_min_f32_ref(const bl_reduction *p, const float *input, float *output);

bl_status bl_sum_f32_ref(const bl_reduction *p, const float *input, float *output);

bl_status bl_reduce_min_s16_ref(const bl_reduction *p, const int16_t *input, int16_t *output);

#endif
