#include <math.h>

#include "tanh.h"

bl_status bl_tanh_f32_ref(const bl_tanh_f32 *p, const float *input, float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = tanhf(input[i]);
  }
  return BL_OK;
}
