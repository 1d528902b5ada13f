#include "add.h"
#include "pairs.h"
#include "requantise.h"

static int32_t scaled(int32_t q, int32_t multiplier, int32_t shift) {
  return bl_requantise(q * (1 << BL_ADD_S16_FRACTION_BITS), multiplier, shift);
}

static int32_t add(const void *params, int32_t a, int32_t b) {
  const bl_add_s16 *p = params;
  const int32_t sum = p->a_sign * scaled(a, p->a_multiplier, p->a_shift) +
                      p->b_sign * scaled(b, p->b_multiplier, p->b_shift);
  const int32_t value = bl_requantise(sum, p->output_multiplier, p->output_shift);
  return bl_clamp(value, p->activation_min, p->activation_max);
}

bl_status bl_add_s16_ref(const bl_add_s16 *p, const int16_t *a, const int16_t *b, int16_t *output) {
  if (p->a_shift > 0 || p->b_shift > 0 || p->output_shift > 0) {
    return BL_BAD_ARGUMENT;
  }
  return bl_pairs_s16(&p->shape, p, add, a, b, output);
}

static int32_t add_shifted(const void *params, int32_t a, int32_t b) {
  const bl_add_shifted_s16 *p = params;
  const int32_t sum = p->a_sign * bl_rounding_shift_right(a, p->a_shift) +
                      p->b_sign * bl_rounding_shift_right(b, p->b_shift);
  return bl_clamp(sum, p->activation_min, p->activation_max);
}

bl_status bl_add_shifted_s16_ref(const bl_add_shifted_s16 *p, const int16_t *a, const int16_t *b,
                                 int16_t *output) {
  if (p->a_shift < 0 || p->b_shift < 0 || p->a_shift > 31 || p->b_shift > 31) {
    return BL_BAD_ARGUMENT;
  }
  return bl_pairs_s16(&p->shape, p, add_shifted, a, b, output);
}
