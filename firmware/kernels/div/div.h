/* DIV: output = act(a / b), or act(b / a) where `reversed` is set (a constant is always `b`),
 * broadcast as broadcast.h says. output may begin where an input of its own shape begins, or before
 * it.
 *
 * In int8 the quotient is the dividend, shifted as far left as it goes, times a reciprocal, then
 * scaled to the output. Where TFLite stops because a divisor is 0, the output is activation_max.
 */
#ifndef BL_DIV_H
#define BL_DIV_H

#include "broadcast.h"
#include "kernel.h"

typedef struct {
  bl_broadcast shape;
  int32_t reversed;
  int32_t a_zero_point, b_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t multiplier, shift;                             /* see requantise.h */
  int32_t activation_min, activation_max;                /* quantised, within int8 */
} bl_div_s8;

typedef struct {
  bl_broadcast shape;
  int32_t reversed;
  float activation_min, activation_max;
} bl_div_f32;

/* reciprocals: of 1 .. 255 in this order, divided by the power of two below or at the number, which
 * makes it 1 .. 2, then inverted, Q0.31. */
bl_status bl_div_s8_ref(const bl_div_s8 *p, const int8_t *a, const int8_t *b,
                        const int32_t *reciprocals, int8_t *output);

bl_status bl_div_f32_ref(const bl_div_f32 *p, const float *a, const float *b, float *output);

#endif
