#include "dequantize.h"

bl_status bl_dequantize_f32_of_s16_ref(const bl_dequantize_f32_of_s16 *p, const int16_t *input,
                                       float *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = p->scale * (float)(input[i] - p->zero_point);
  }
  return BL_OK;
}
