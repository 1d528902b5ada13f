#include "mul.h"
#include "pairs.h"
#include "requantise.h"

static int32_t multiply(const void *params, int32_t a, int32_t b) {
  const bl_mul_s16 *p = params;
  const int32_t value = bl_requantise(a * b, p->multiplier, p->shift);
  return bl_clamp(value, p->activation_min, p->activation_max);
}

bl_status bl_mul_s16_ref(const bl_mul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  return bl_pairs_s16(&p->shape, p, multiply, a, b, output);
}
