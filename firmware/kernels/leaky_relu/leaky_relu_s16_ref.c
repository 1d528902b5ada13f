#include "leaky_relu.h"
#include "requantise.h"

bl_status bl_leaky_relu_s16_ref(const bl_leaky_relu_s16 *p, const int16_t *input, int16_t *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t value =
        input[i] >= 0 ? bl_requantise(input[i], p->multiplier, p->shift)
                      : p->sign * bl_requantise(input[i], p->alpha_multiplier, p->alpha_shift);
    output[i] = (int16_t)bl_clamp(value, INT16_MIN, INT16_MAX);
  }
  return BL_OK;
}
