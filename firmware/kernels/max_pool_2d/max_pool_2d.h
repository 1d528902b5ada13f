/* MAX_POOL_2D: the max of each channel under a sliding window; padding does not take part.
 *
 * output_c equals input_c. In int8, input and output share scale and zero point, so no
 * requantisation is needed.
 */
#ifndef BL_MAX_POOL_2D_H
#define BL_MAX_POOL_2D_H

#include "kernel.h"

typedef struct {
  bl_window window;
  int32_t activation_min, activation_max; /* quantised, within int8 */
} bl_max_pool_2d_s8;

typedef struct {
  bl_window window;
  float activation_min, activation_max;
} bl_max_pool_2d_f32;

bl_status bl_max_pool_2d_s8_ref(const bl_max_pool_2d_s8 *p, const int8_t *input, int8_t *output);

/* Computes the same, four channels at a time. Order: output pixels ascend, channel by channel. */
bl_status bl_max_pool_2d_s8_dsp(const bl_max_pool_2d_s8 *p, const int8_t *input, int8_t *output);

/* Computes the same in plain C, four channels at a time. */
bl_status bl_max_pool_2d_s8_scalar(const bl_max_pool_2d_s8 *p, const int8_t *input, int8_t *output);

/* Computes the same, faster where there are few channels, without dilation. */
bl_status bl_max_pool_2d_s8_few_scalar(const bl_max_pool_2d_s8 *p, const int8_t *input,
                                       int8_t *output);

/* Computes the same, sixteen channels at a time. */
bl_status bl_max_pool_2d_s8_mve(const bl_max_pool_2d_s8 *p, const int8_t *input, int8_t *output);

bl_status bl_max_pool_2d_f32_ref(const bl_max_pool_2d_f32 *p, const float *input, float *output);

typedef bl_max_pool_2d_s8 bl_max_pool_2d_s16; /* activations within int16 */

bl_status bl_max_pool_2d_s16_ref(const bl_max_pool_2d_s16 *p, const int16_t *input,
                                 int16_t *output);

#endif
