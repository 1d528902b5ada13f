/* L2_NORMALIZATION of each row: output = x / sqrt(sum over the row of x^2), in float32 at least by
 * 1e-6.
 *
 * The int8 output has scale 1/128 and zero point 0, as TensorFlow Lite demands. input and output
 * may be the same buffer.
 */
#ifndef BL_L2_NORMALIZATION_H
#define BL_L2_NORMALIZATION_H

#include "kernel.h"

typedef struct {
  int32_t rows, row_length;
  int32_t input_zero_point;
} bl_l2_normalization_s8;

typedef struct {
  int32_t rows, row_length;
} bl_l2_normalization_f32;

bl_status bl_l2_normalization_s8_ref(const bl_l2_normalization_s8 *p, const int8_t *input,
                                     int8_t *output);

bl_status bl_l2_normalization_f32_ref(const bl_l2_normalization_f32 *p, const float *input,
                                      float *output);

#endif
