#include <math.h>

#include "softmax.h"

bl_status bl_softmax_f32_ref(const bl_softmax_f32 *p, const float *input, float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  float maximum = input[0];
  for (int32_t c = 1; c < p->count; c++) {
    maximum = input[c] > maximum ? input[c] : maximum;
  }
  float sum = 0.0f;
  for (int32_t c = 0; c < p->count; c++) {
    output[c] = expf((input[c] - maximum) * p->beta);
    sum += output[c];
  }
  for (int32_t c = 0; c < p->count; c++) {
    output[c] /= sum;
  }
  return BL_OK;
}
