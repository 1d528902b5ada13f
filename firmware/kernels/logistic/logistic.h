/* LOGISTIC in float32: output[i] = 1 / (1 + exp(-input[i])). Int8 uses lookup.h. input and output
 * may be the same buffer.
 */
#ifndef BL_LOGISTIC_H
#define BL_LOGISTIC_H

#include "kernel.h"

typedef struct {
  int32_t count;
} bl_logistic_f32;

bl_status bl_logistic_f32_ref(const bl_logistic_f32 *p, const float *input, float *output);

#endif
