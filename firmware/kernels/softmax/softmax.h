/* SOFTMAX over one row, or over each of several rows; the largest value subtracted first so that
 * exp cannot overflow.
 *
 * The int8 output has scale 1/256 and zero point -128, as TFLite demands. input and output may be
 * the same buffer in float32.
 */
#ifndef BL_SOFTMAX_H
#define BL_SOFTMAX_H

#include "kernel.h"

typedef struct {
  int32_t count;             /* classes */
  int32_t multiplier, shift; /* beta * input_scale in Q5.26, shift >= 0 */
  int32_t difference_min;    /* below this distance from the maximum a class gets 0 */
} bl_softmax_s8;

typedef struct {
  int32_t count; /* classes */
  float beta;
} bl_softmax_f32;

bl_status bl_softmax_s8_ref(const bl_softmax_s8 *p, const int8_t *input, int8_t *output);

bl_status bl_softmax_f32_ref(const bl_softmax_f32 *p, const float *input, float *output);

/* Rows: input and output are rows x count. */
typedef struct {
  bl_softmax_s8 row;
  int32_t rows;
} bl_softmax_rows_s8;

typedef struct {
  bl_softmax_f32 row;
  int32_t rows;
} bl_softmax_rows_f32;

bl_status bl_softmax_rows_s8_ref(const bl_softmax_rows_s8 *p, const int8_t *input, int8_t *output);

bl_status bl_softmax_rows_f32_ref(const bl_softmax_rows_f32 *p, const float *input, float *output);

#endif
