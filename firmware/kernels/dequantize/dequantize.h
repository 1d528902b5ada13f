/* DEQUANTIZE of int8 or int16 to float32: output[i] = scale * (input[i] - zero_point). */
#ifndef BL_DEQUANTIZE_H
#define BL_DEQUANTIZE_H

#include "kernel.h"

typedef struct {
  int32_t count;
  int32_t zero_point; /* real = scale * (q - zero_point) */
  float scale;
} bl_dequantize_f32;

bl_status bl_dequantize_f32_ref(const bl_dequantize_f32 *p, const int8_t *input, float *output);

typedef bl_dequantize_f32 bl_dequantize_f32_of_s16;

bl_status bl_dequantize_f32_of_s16_ref(const bl_dequantize_f32_of_s16 *p, const int16_t *input,
                                       float *output);

#endif
