#include <math.h>

#include "quantize.h"

bl_status bl_quantize_s16_ref(const bl_quantize_s16 *p, const float *input, int16_t *output) {
  if (p->count <= 0 || !(p->scale > 0.0f) || p->zero_point < INT16_MIN ||
      p->zero_point > INT16_MAX) {
    return BL_BAD_ARGUMENT;
  }
  const float limit = 65536.0f; /* beyond it every zero point saturates, and an int32 is safe */
  for (int32_t i = 0; i < p->count; i++) {
    const float steps = input[i] / p->scale;
    const float bounded = steps > -limit ? (steps < limit ? steps : limit) : -limit;
    const int32_t value = (int32_t)roundf(bounded) + p->zero_point;
    output[i] = (int16_t)bl_clamp(value, INT16_MIN, INT16_MAX);
  }
  return BL_OK;
}
