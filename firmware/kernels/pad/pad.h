/* PAD and PADV2 of an HWC map: rows above and below, columns left and right, channels before and
 * after. `value` is what goes there, as stored: PAD puts real 0.
 *
 * Most PADs never get here: the compiler folds them into the window of the layer that follows.
 */
#ifndef BL_PAD_H
#define BL_PAD_H

#include "kernel.h"

typedef struct {
  int32_t input_h, input_w, input_c;
  int32_t top, bottom, left, right, before, after;
  int32_t value; /* quantised; for PAD the zero point */
} bl_pad_s8;

typedef struct {
  int32_t input_h, input_w, input_c;
  int32_t top, bottom, left, right, before, after;
  float value;
} bl_pad_f32;

bl_status bl_pad_s8_ref(const bl_pad_s8 *p, const int8_t *input, int8_t *output);

bl_status bl_pad_f32_ref(const bl_pad_f32 *p, const float *input, float *output);

/* `value` is within int16. */
typedef bl_pad_s8 bl_pad_s16;

bl_status bl_pad_s16_ref(const bl_pad_s16 *p, const int16_t *input, int16_t *output);

#endif
