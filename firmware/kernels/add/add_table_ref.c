/* Plain C for every core: what the scales make of a stored value is looked up, so only the sum is
 * scaled. */
#include "add.h"
#include "requantise.h"

bl_status bl_add_table_s8_ref(const bl_add_table_s8 *p, const int8_t *a, const int8_t *b,
                              const int32_t *of_a, const int32_t *of_b, int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s) || p->output_shift > 0) {
    return BL_BAD_ARGUMENT;
  }
  const bl_add_table_s8 all =
      *p; /* a store of an int8 might change *p for all the compiler knows */
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < all.shape.middle; m++) {
      const int8_t *from_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *from_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = all.shape.inner; i > 0; i--) {
        const int32_t sum = of_a[*from_a + 128] + of_b[*from_b + 128];
        const int32_t scaled = bl_rounding_shift_right(
            bl_doubling_high_mul(sum, all.output_multiplier), -all.output_shift);
        *output++ = (int8_t)bl_clamp(scaled + all.output_zero_point, all.activation_min,
                                     all.activation_max);
        from_a += all.shape.a_inner, from_b += all.shape.b_inner;
      }
    }
  }
  return BL_OK;
}
