#include "relu.h"
#include "requantise.h"

bl_status bl_relu_s16_ref(const bl_relu_s16 *p, const int16_t *input, int16_t *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t scaled = bl_requantise(input[i], p->multiplier, p->shift);
    output[i] = (int16_t)bl_clamp(scaled, p->activation_min, p->activation_max);
  }
  return BL_OK;
}
