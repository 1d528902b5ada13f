#include "mul.h"
#include "smmulr.h"

/* The reference's two roundings in fewer instructions: see add_dsp.c. A shift to the left goes into
 * the product, which has room for 14 bits. */
bl_status bl_mul_s8_dsp(const bl_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s) || p->shift > 14 || p->shift < -31) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t left = p->shift > 0 ? p->shift : 0;
  const int32_t right = p->shift > 0 ? 0 : -p->shift;
  const int32_t half = right ? INT32_C(1) << (right - 1) : 0, sign = right ? -1 : 0;
  /* copies, since a store of an int8 might change *p for all the compiler knows */
  const int32_t a_zero_point = p->a_zero_point, b_zero_point = p->b_zero_point;
  const int32_t output_zero_point = p->output_zero_point, multiplier = p->multiplier;
  const int32_t lowest = p->activation_min, highest = p->activation_max;
  const int32_t inner = s->inner, a_step = s->a_inner, b_step = s->b_inner;
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *from_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *from_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < inner; i++) {
        const int32_t twice = (*from_a - a_zero_point) * (*from_b - b_zero_point) * (2 << left);
        const int32_t high = bl_smmulr(twice, multiplier);
        const int32_t scaled = (high + half + ((high >> 31) & sign)) >> right;
        const int32_t value = scaled + output_zero_point;
        *output++ = (int8_t)bl_clamp(value, lowest, highest);
        from_a += a_step;
        from_b += b_step;
      }
    }
  }
  return BL_OK;
}
