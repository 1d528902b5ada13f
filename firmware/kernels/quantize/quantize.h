/* QUANTIZE of float32 to int8: output[i] = round(input[i] / scale) + zero_point, ties away from
 * zero, saturated. What is not a number becomes the lowest value. Int8 to int8 uses lookup.h, other
 * integers bl_quantize_integers.
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

typedef bl_quantize_s8 bl_quantize_s16; /* float32 to int16 */

bl_status bl_quantize_s16_ref(const bl_quantize_s16 *p, const float *input, int16_t *output);

/* Integers of 1, 2 or 4 bytes to others of another width, scale and zero point. */
typedef struct {
  int32_t count;
  int32_t input_bytes, output_bytes;
  int32_t input_zero_point, output_zero_point;
  int32_t multiplier, shift; /* see requantise.h */
} bl_quantize_integers;

bl_status bl_quantize_integers_ref(const bl_quantize_integers *p, const void *input, void *output);

#endif
