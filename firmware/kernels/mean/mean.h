/* MEAN over neighbouring axes, such as height and width: global average pooling.
 *
 *   output[o, i] = mean over r of input[o, r, i]
 *
 * In int8 the sum is taken less the zero point and scaled once by input_scale / output_scale /
 * reduced, which the compiler hands over as one multiplier and shift.
 */
#ifndef BL_MEAN_H
#define BL_MEAN_H

#include "kernel.h"

typedef struct {
  int32_t outer, reduced, inner;               /* for HWC to C: 1, H * W, C */
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t multiplier, shift;                   /* see requantise.h */
} bl_mean_s8;

typedef struct {
  int32_t outer, reduced, inner; /* for HWC to C: 1, H * W, C */
} bl_mean_f32;

bl_status bl_mean_s8_ref(const bl_mean_s8 *p, const int8_t *input, int8_t *output);

/* Computes the same for `reduced` up to 255, four channels at a time. Order: a group of channels is
 * written when it has been read, groups ascend. */
bl_status bl_mean_s8_dsp(const bl_mean_s8 *p, const int8_t *input, int8_t *output);

/* Computes the same, four channels at a time. Order: as bl_mean_s8_dsp. */
bl_status bl_mean_s8_mve(const bl_mean_s8 *p, const int8_t *input, int8_t *output);

bl_status bl_mean_f32_ref(const bl_mean_f32 *p, const float *input, float *output);

/* int16; there are no zero points. */
typedef struct {
  int32_t outer, reduced, inner; /* for HWC to C: 1, H * W, C; reduced up to 65535 */
  int32_t multiplier, shift;     /* see requantise.h */
} bl_mean_s16;

bl_status bl_mean_s16_ref(const bl_mean_s16 *p, const int16_t *input, int16_t *output);

/* output = round(sum * factor + zero_point), see real_factor.h; the sum is of stored values, and
 * zero_point has the input's share in it. */
typedef struct {
  int32_t outer, reduced, inner; /* for HWC to C: 1, H * W, C */
  float factor, zero_point;
} bl_mean_real_s8;

bl_status bl_mean_real_s8_ref(const bl_mean_real_s8 *p, const int8_t *input, int8_t *output);

#endif
