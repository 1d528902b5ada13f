/* FULLY_CONNECTED: output[o] = act(bias[o] + sum over c of input[c] * filter[o, c]).
 *
 * filter is OI; bias has output_c entries and may be NULL. There is one row;
 * bl_fully_connected_rows_* do the same for every row of a map, one after the other. Unlike the
 * convolutions, TFLite's int8 kernel rounds once when it requantises.
 */
#ifndef BL_FULLY_CONNECTED_H
#define BL_FULLY_CONNECTED_H

#include "kernel.h"

typedef struct {
  int32_t input_c, output_c;
  int32_t scales;                              /* of the filter: output_c, or 1 for all outputs */
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
} bl_fully_connected_s8;

typedef struct {
  int32_t input_c, output_c;
  float activation_min, activation_max;
} bl_fully_connected_f32;

/* multiplier and shift: `scales` entries each, see requantise.h. */
bl_status bl_fully_connected_s8_ref(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int8_t *filter, const int32_t *bias,
                                    const int32_t *multiplier, const int32_t *shift,
                                    int8_t *output);

bl_status bl_fully_connected_f32_ref(const bl_fully_connected_f32 *p, const float *input,
                                     const float *filter, const float *bias, float *output);

/* Computes the same bits with 16-bit SIMD, see dsp.h, for shifts of -2 .. -23; lower.py packs the
 * filter. bias has output_c entries and holds, other than above,
 * bias[o] - input_zero_point * sum of filter[o].
 *
 * Inputs are taken in pairs, (0, 2) and (1, 3) of every four; 1 to 3 zeros fill up the last four,
 * and an output of zeros the last couple of outputs. filter: of the last output_c % 4 outputs those
 * of a couple, then of the next; then those of the other outputs, the two couples of each four by
 * turns. For each pair, a couple has the word 256 * odd output's weight + even output's weight, for
 * the pair's second input in the upper half. scratch: 4-byte aligned, where output_c >= 4 with 8
 * bytes for every four inputs. Order: all inputs are read before any output is written. */
bl_status bl_fully_connected_s8_dsp(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int32_t *filter, const int32_t *bias,
                                    const int32_t *multiplier, const int32_t *shift, void *scratch,
                                    int32_t scratch_bytes, int8_t *output);

/* Computes the same bits in plain C, with the same bias, wrapped. */
bl_status bl_fully_connected_s8_scalar(const bl_fully_connected_s8 *p, const int8_t *input,
                                       const int8_t *filter, const int32_t *bias,
                                       const int32_t *multiplier, const int32_t *shift,
                                       int8_t *output);

/* Computes the same bits with MVE; filter as in bl_conv_2d_s8_mve, with any shift. */
bl_status bl_fully_connected_s8_mve(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int32_t *filter, int8_t *output);

/* Rows: input is rows x input_c, output rows x output_c; all else is as for one row. */
typedef struct {
  bl_fully_connected_s8 row;
  int32_t rows;
} bl_fully_connected_rows_s8;

typedef struct {
  bl_fully_connected_f32 row;
  int32_t rows;
} bl_fully_connected_rows_f32;

bl_status bl_fully_connected_rows_s8_ref(const bl_fully_connected_rows_s8 *p, const int8_t *input,
                                         const int8_t *filter, const int32_t *bias,
                                         const int32_t *multiplier, const int32_t *shift,
                                         int8_t *output);

bl_status bl_fully_connected_rows_f32_ref(const bl_fully_connected_rows_f32 *p, const float *input,
                                          const float *filter, const float *bias, float *output);

bl_status bl_fully_connected_rows_s8_dsp(const bl_fully_connected_rows_s8 *p, const int8_t *input,
                                         const int32_t *filter, const int32_t *bias,
                                         const int32_t *multiplier, const int32_t *shift,
                                         void *scratch, int32_t scratch_bytes, int8_t *output);

bl_status bl_fully_connected_rows_s8_scalar(const bl_fully_connected_rows_s8 *p,
                                            const int8_t *input, const int8_t *filter,
                                            const int32_t *bias, const int32_t *multiplier,
                                            const int32_t *shift, int8_t *output);

bl_status bl_fully_connected_rows_s8_mve(const bl_fully_connected_rows_s8 *p, const int8_t *input,
                                         const int32_t *filter, int8_t *output);

/* Rows, and weights with a zero point, as TFLite's uint8 models have: filter[i] - filter_zero_point
 * takes the place of filter[i]. */
typedef struct {
  bl_fully_connected_s8 row;
  int32_t rows;
  int32_t filter_zero_point;
} bl_fully_connected_offset_s8;

bl_status bl_fully_connected_offset_s8_ref(const bl_fully_connected_offset_s8 *p,
                                           const int8_t *input, const int8_t *filter,
                                           const int32_t *bias, const int32_t *multiplier,
                                           const int32_t *shift, int8_t *output);

/* Rows of int16 values with int8 weights. There are no zero points; the bias has 64 bits, and so
 * have sums where `wide` is 1. A sum is scaled by a number in double precision: output_c entries in
 * `scale`. */
typedef struct {
  int32_t input_c, output_c;
  int32_t wide;
  int32_t activation_min, activation_max; /* quantised, within int16 */
} bl_fully_connected_s16;

typedef struct {
  bl_fully_connected_s16 row;
  int32_t rows;
} bl_fully_connected_rows_s16;

bl_status bl_fully_connected_rows_s16_ref(const bl_fully_connected_rows_s16 *p,
                                          const int16_t *input, const int8_t *filter,
                                          const int64_t *bias, const double *scale,
                                          int16_t *output);

#endif
