#include "dequantize.h"

bl_status bl_dequantize_f32_ref(const bl_dequantize_f32 *p, const int8_t *input, float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = p->scale * (float)(input[i] - p->zero_point);
  }
  return BL_OK;
}
