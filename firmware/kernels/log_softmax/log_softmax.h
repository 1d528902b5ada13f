/* LOG_SOFTMAX of each row: output = x - max - log(sum over the row of exp(x - max)).
 *
 * The int8 output has scale 1/16 and zero point 127, as TensorFlow Lite demands.
 */
#ifndef BL_LOG_SOFTMAX_H
#define BL_LOG_SOFTMAX_H

#include "kernel.h"

typedef struct {
  int32_t rows, row_length;
  int32_t multiplier, shift;                 /* of an input difference to Q5.26; shift > 0 */
  int32_t reverse_multiplier, reverse_shift; /* back again; reverse_shift <= 0 */
  int32_t difference_min;                    /* differences below it are ignored in the sum */
} bl_log_softmax_s8;

typedef struct {
  int32_t rows, row_length;
} bl_log_softmax_f32;

bl_status bl_log_softmax_s8_ref(const bl_log_softmax_s8 *p, const int8_t *input, int8_t *output);

bl_status bl_log_softmax_f32_ref(const bl_log_softmax_f32 *p, const float *input, float *output);

#endif
