#include "add.h"
#include "smmulr.h"

/* The reference's two roundings in fewer instructions: doubling an operand beforehand turns the
 * first into one SMMULR, and whether the second has anything to shift is decided once. */
typedef struct {
  int32_t multiplier, shift, half, sign; /* shift >= 0, to the right */
} scaling;

static inline scaling scaling_of(int32_t multiplier, int32_t shift) {
  const scaling s = {multiplier, -shift, shift ? INT32_C(1) << (-shift - 1) : 0, shift ? -1 : 0};
  return s;
}

static inline int32_t scale(int32_t twice, const scaling *s) {
  const int32_t high = bl_smmulr(twice, s->multiplier);
  return (high + s->half + ((high >> 31) & s->sign)) >> s->shift;
}

bl_status bl_add_s8_dsp(const bl_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s) || p->a_shift > 0 || p->b_shift > 0 || p->output_shift > 0 ||
      p->a_shift < -31 || p->b_shift < -31 || p->output_shift < -31) {
    return BL_BAD_ARGUMENT;
  }
  const scaling of_a = scaling_of(p->a_multiplier, p->a_shift);
  const scaling of_b = scaling_of(p->b_multiplier, p->b_shift);
  const scaling of_sum = scaling_of(p->output_multiplier, p->output_shift);
  /* copies, since a store of an int8 might change *p for all the compiler knows */
  const int32_t a_zero_point = p->a_zero_point, b_zero_point = p->b_zero_point;
  const int32_t output_zero_point = p->output_zero_point;
  const int32_t low = p->activation_min, high = p->activation_max;
  const int32_t inner = s->inner, a_step = s->a_inner, b_step = s->b_inner;
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *from_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *from_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < inner; i++) {
        const int32_t x = (*from_a - a_zero_point) * (2 << BL_ADD_FRACTION_BITS);
        const int32_t y = (*from_b - b_zero_point) * (2 << BL_ADD_FRACTION_BITS);
        const int32_t sum = scale(x, &of_a) + scale(y, &of_b);
        const int32_t value = scale(2 * sum, &of_sum) + output_zero_point;
        *output++ = (int8_t)bl_clamp(value, low, high);
        from_a += a_step;
        from_b += b_step;
      }
    }
  }
  return BL_OK;
}
