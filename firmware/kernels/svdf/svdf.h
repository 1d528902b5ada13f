/* SVDF: a dense layer over the last `memory` rows of `inputs` values, in two steps. A filter makes
 * a number of each row, and remembers the last `memory` of them, which it weighs by their age; the
 * sum of `rank` filters is an output.
 *
 *   history[f] = history[f] without its oldest number, and sum over i of input[i] * feature[f, i]
 *   output[u] = act(bias[u] + sum over f of u's filters and t of history[f, t] * time[f, t])
 *
 * feature is (filters, inputs), time (filters, memory), bias has filters / rank entries and may be
 * NULL. history (filters, memory), the newest number last, is read and written: it lives from one
 * call to the next.
 */
#ifndef BL_SVDF_H
#define BL_SVDF_H

#include "kernel.h"

typedef struct {
  int32_t inputs, filters, memory;
  int32_t rank;                              /* filters of an output, which lie side by side */
  int32_t feature_multiplier, feature_shift; /* of a number in history, see requantise.h */
  int32_t output_multiplier, output_shift, output_zero_point;
} bl_svdf_s8;

typedef struct {
  int32_t inputs, filters, memory, rank;
  float activation_min, activation_max;
} bl_svdf_f32;

/* feature_bias has an entry for each filter: -input_zero_point * sum of its weights. An output is
 * clamped to int8 only. */
bl_status bl_svdf_s8_ref(const bl_svdf_s8 *p, const int8_t *input, const int8_t *feature,
                         const int32_t *feature_bias, const int16_t *time, const int32_t *bias,
                         int8_t *output, int16_t *history);

bl_status bl_svdf_f32_ref(const bl_svdf_f32 *p, const float *input, const float *feature,
                          const float *time, const float *bias, float *output, float *history);

#endif
