#include <math.h>

#include "logistic.h"

bl_status bl_logistic_f32_ref(const bl_logistic_f32 *p, const float *input, float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    /* Below -9 TFLite takes exp(x) for exp(x) / (1 + exp(x)): 1e-4 larger, relatively, at most. */
    output[i] = input[i] < -9.0f ? expf(input[i]) : 1.0f / (1.0f + expf(-input[i]));
  }
  return BL_OK;
}
