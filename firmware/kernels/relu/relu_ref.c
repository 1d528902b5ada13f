#include "relu.h"

bl_status bl_relu_f32_ref(const bl_relu_f32 *p, const float *input, float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = bl_clamp_f32(input[i], p->activation_min, p->activation_max);
  }
  return BL_OK;
}
