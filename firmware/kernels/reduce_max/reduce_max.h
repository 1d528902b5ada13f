/* REDUCE_MAX over neighbouring axes, such as height and width: a global max pool.
 *
 *   output[o, i] = max over r of input[o, r, i]
 *
 * An int8 output has the input's scale and zero point.
 */
#ifndef BL_REDUCE_MAX_H
#define BL_REDUCE_MAX_H

#include "kernel.h"

typedef struct {
  int32_t outer, reduced, inner; /* for HWC to C: 1, H * W, C */
} bl_reduce_max_s8;

typedef struct {
  int32_t outer, reduced, inner; /* for HWC to C: 1, H * W, C */
} bl_reduce_max_f32;

bl_status bl_reduce_max_s8_ref(const bl_reduce_max_s8 *p, const int8_t *input, int8_t *output);

/* Computes the same, four channels at a time. */
bl_status bl_reduce_max_s8_dsp(const bl_reduce_max_s8 *p, const int8_t *input, int8_t *output);

/* Computes the same, sixteen channels at a time. */
bl_status bl_reduce_max_s8_mve(const bl_reduce_max_s8 *p, const int8_t *input, int8_t *output);

bl_status bl_reduce_max_f32_ref(const bl_reduce_max_f32 *p, const float *input, float *output);

typedef bl_reduce_max_s8 bl_reduce_max_s16;

bl_status bl_reduce_max_s16_ref(const bl_reduce_max_s16 *p, const int16_t *input, int16_t *output);

#endif
