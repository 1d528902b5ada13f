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

/* Rows of int16. exponentials: exp(x) for x from -10 to 0, reciprocals: 1 / (1 + x) for x from 0 to
 * 1, each 513 values in units of 2^-15, between which the kernel interpolates. There are no zero
 * points; the output's scale is 2^-15. input and output lie apart. */
typedef struct {
  int32_t count;             /* classes, up to 65535 */
  int32_t multiplier, shift; /* beta * input_scale in units of 10 / 65535, see requantise.h */
} bl_softmax_s16;

typedef struct {
  bl_softmax_s16 row;
  int32_t rows;
} bl_softmax_rows_s16;

bl_status bl_softmax_rows_s16_ref(const bl_softmax_rows_s16 *p, const int16_t *input,
                                  const int16_t *exponentials, const int16_t *reciprocals,
                                  int16_t *output);

/* Does the same in single precision, as TFLite's optimised kernel: table[d] is the exponential of a
 * class that is d below the largest, 256 entries. */
typedef struct {
  int32_t count; /* classes */
} bl_softmax_real_row;

typedef struct {
  bl_softmax_real_row row;
  int32_t rows;
} bl_softmax_real_s8;

bl_status bl_softmax_real_s8_ref(const bl_softmax_real_s8 *p, const int8_t *input,
                                 const float *table, int8_t *output);

/* Rows of int8 to int16, of zero point -32768 and scale 2^-16, in the arithmetic of bl_softmax_s8.
 */
bl_status bl_softmax_rows_s16_of_s8_ref(const bl_softmax_rows_s8 *p, const int8_t *input,
                                        int16_t *output);

#endif
