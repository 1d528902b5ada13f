#include "leaky_relu.h"

bl_status bl_leaky_relu_f32_ref(const bl_leaky_relu_f32 *p, const float *input, float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = input[i] > 0.0f ? input[i] : input[i] * p->alpha;
  }
  return BL_OK;
}
