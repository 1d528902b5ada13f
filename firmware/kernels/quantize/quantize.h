/* QUANTIZE of float32 to int8: output[i] = round(input[i] / scale) + zero_point, ties away from
 * zero, saturated. What is not a number becomes the lowest value. Int8 to int8 uses lookup.h.
 */
#ifndef BL_QUANTIZE_H
#define BL_QUANTIZE_H

#include "kernel.h"

typedef struct {
  int32_t count;
  int32_t zero_point; /* real = scale * (q - zero_point) */
  float scale;
} bl_quantize_s8;

bl_status bl_quantize_s8_ref(const bl_quantize_s8 *p, const float *input, int8_t *output);

#endif
