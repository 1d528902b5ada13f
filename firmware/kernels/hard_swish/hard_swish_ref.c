#include "hard_swish.h"

bl_status bl_hard_swish_f32_ref(const bl_hard_swish_f32 *p, const float *input, float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = input[i] * bl_clamp_f32(input[i] + 3.0f, 0.0f, 6.0f) / 6.0f;
  }
  return BL_OK;
}
