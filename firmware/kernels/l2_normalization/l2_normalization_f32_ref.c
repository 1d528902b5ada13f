#include <math.h>

#include "l2_normalization.h"

bl_status bl_l2_normalization_f32_ref(const bl_l2_normalization_f32 *p, const float *input,
                                      float *output) {
  if (p->rows <= 0 || p->row_length <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++, input += p->row_length, output += p->row_length) {
    float sum = 0.0f;
    for (int32_t c = 0; c < p->row_length; c++) {
      sum += input[c] * input[c];
    }
    const float norm = fmaxf(sqrtf(sum), 1e-6f);
    for (int32_t c = 0; c < p->row_length; c++) {
      output[c] = input[c] / norm;
    }
  }
  return BL_OK;
}
