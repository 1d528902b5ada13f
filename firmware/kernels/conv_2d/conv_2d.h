/* CONV_2D: a dense convolution with bias, requantisation and a fused activation.
 *
 *   output[y, x, o] = act(bias[o] + sum over ky, kx, c of input[.., .., c] * filter[o, ky, kx, c])
 *
 * filter is OHWI; bias has output_c entries and may be NULL. Padding contributes real 0.
 */
#ifndef BL_CONV_2D_H
#define BL_CONV_2D_H

#include "kernel.h"

typedef struct {
  bl_window window;
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
} bl_conv_2d_s8;

typedef struct {
  bl_window window;
  float activation_min, activation_max;
} bl_conv_2d_f32;

/* multiplier and shift: output_c entries each, see requantise.h. */
bl_status bl_conv_2d_s8_ref(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                            const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
                            int8_t *output);

bl_status bl_conv_2d_f32_ref(const bl_conv_2d_f32 *p, const float *input, const float *filter,
                             const float *bias, float *output);

#endif
