#include <math.h>

#include "quantize.h"

bl_status bl_quantize_s8_ref(const bl_quantize_s8 *p, const float *input, int8_t *output) {
  if (p->count <= 0 || !(p->scale > 0.0f) || p->zero_point < INT8_MIN || p->zero_point > INT8_MAX) {
    return BL_BAD_ARGUMENT;
  }
  const float limit = 256.0f; /* beyond it every zero point saturates, and an int32 is safe */
  for (int32_t i = 0; i < p->count; i++) {
    const float steps = input[i] / p->scale;
    const float bounded = steps > -limit ? (steps < limit ? steps : limit) : -limit;
    const int32_t value = (int32_t)roundf(bounded) + p->zero_point;
    output[i] = (int8_t)bl_clamp(value, INT8_MIN, INT8_MAX);
  }
  return BL_OK;
}
