/* TRANSPOSE_CONV: every input pixel, times the filter, is added to the output around its place;
 * then bias, requantisation and a fused activation.
 *
 *   output[y, x, o] = act(bias[o] + sum over ky, kx, c of input[row, column, c] * filter[o, ky, kx,
 * c]) where y = row * stride_h + ky - pad_top, x = column * stride_w + kx - pad_left
 *
 * filter is OHWI; bias has output_c entries and may be NULL. The window's dilation is 1. It is
 * computed output by output, so that sums need no memory; input and output lie apart.
 */
#ifndef BL_TRANSPOSE_CONV_H
#define BL_TRANSPOSE_CONV_H

#include "kernel.h"

typedef struct {
  bl_window window;
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
} bl_transpose_conv_s8;

typedef struct {
  bl_window window;
  float activation_min, activation_max;
} bl_transpose_conv_f32;

/* multiplier and shift: output_c entries each, see requantise.h. */
bl_status bl_transpose_conv_s8_ref(const bl_transpose_conv_s8 *p, const int8_t *input,
                                   const int8_t *filter, const int32_t *bias,
                                   const int32_t *multiplier, const int32_t *shift, int8_t *output);

bl_status bl_transpose_conv_f32_ref(const bl_transpose_conv_f32 *p, const float *input,
                                    const float *filter, const float *bias, float *output);

/* int16 values with int8 weights. There are no zero points; the bias has 64 bits, and so have sums
 * where `wide` is 1, see wide.h. */
typedef struct {
  bl_window window;
  int32_t wide;
  int32_t activation_min, activation_max; /* quantised, within int16 */
} bl_transpose_conv_s16;

bl_status bl_transpose_conv_s16_ref(const bl_transpose_conv_s16 *p, const int16_t *input,
                                    const int8_t *filter, const int64_t *bias,
                                    const int32_t *multiplier, const int32_t *shift,
                                    int16_t *output);

/* Layers whose output's shape is an input of the model, int32 (n, height, width, channels). It must
 * be the shape that the layer was compiled for: any other is a bad argument. */
typedef struct {
  bl_transpose_conv_s8 layer;
} bl_transpose_conv_sized_s8;

typedef struct {
  bl_transpose_conv_s16 layer;
} bl_transpose_conv_sized_s16;

typedef struct {
  bl_transpose_conv_f32 layer;
} bl_transpose_conv_sized_f32;

bl_status bl_transpose_conv_sized_s8_ref(const bl_transpose_conv_sized_s8 *p, const int32_t *shape,
                                         const int8_t *input, const int8_t *filter,
                                         const int32_t *bias, const int32_t *multiplier,
                                         const int32_t *shift, int8_t *output);

bl_status bl_transpose_conv_sized_s16_ref(const bl_transpose_conv_sized_s16 *p,
                                          const int32_t *shape, const int16_t *input,
                                          const int8_t *filter, const int64_t *bias,
                                          const int32_t *multiplier, const int32_t *shift,
                                          int16_t *output);

bl_status bl_transpose_conv_sized_f32_ref(const bl_transpose_conv_sized_f32 *p,
                                          const int32_t *shape, const float *input,
                                          const float *filter, const float *bias, float *output);

#endif
