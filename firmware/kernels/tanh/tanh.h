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

/* int16, by interpolation in a table of 1 / (1 + exp(-i / 24)) for i of 0 .. 255, in units of
 * 2^-16. The input is multiplied and shifted right, with rounding, to units of 1 / (3 * 4096).
 * There are no zero points; the output's scale is 2^-15. */
typedef struct {
  int32_t count;
  int32_t multiplier, shift; /* shift 0..31 */
} bl_tanh_s16;

bl_status bl_tanh_s16_ref(const bl_tanh_s16 *p, const int16_t *input, const uint16_t *table,
                          int16_t *output);

#endif
