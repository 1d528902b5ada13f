/* PRELU: output = a >= 0 ? a : a * b, b being the slope, broadcast as broadcast.h says. output may
 * begin where `a` begins, or before it.
 */
#ifndef BL_PRELU_H
#define BL_PRELU_H

#include "broadcast.h"
#include "kernel.h"

typedef struct {
  bl_broadcast shape;
  int32_t a_zero_point, b_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t multiplier, shift;                             /* of a, from 0 on; see requantise.h */
  int32_t slope_multiplier, slope_shift;                 /* of a * b, below 0 */
} bl_prelu_s8;

typedef struct {
  bl_broadcast shape;
} bl_prelu_f32;

bl_status bl_prelu_s8_ref(const bl_prelu_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

bl_status bl_prelu_f32_ref(const bl_prelu_f32 *p, const float *a, const float *b, float *output);

#endif
