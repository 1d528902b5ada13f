/* Plain C, for cores without SIMD. */
#include "add.h"

bl_status bl_add_linear_s8_scalar(const bl_add_linear_s8 *p, const int8_t *a, const int8_t *b,
                                  int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  /* copies, since a store of an int8 might change *p for all the compiler knows */
  const uint32_t of_a = (uint32_t)p->a_multiplier, of_b = (uint32_t)p->b_multiplier;
  const uint32_t bias = (uint32_t)p->bias;
  const int32_t low = p->activation_min, high = p->activation_max;
  const int32_t a_step = s->a_inner, b_step = s->b_inner;
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *from_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *from_b = b + o * s->b_outer + m * s->b_middle;
      for (const int8_t *end = output + s->inner; output != end;
           from_a += a_step, from_b += b_step) {
        const uint32_t sum = (uint32_t)*from_a * of_a + (uint32_t)*from_b * of_b + bias;
        *output++ = (int8_t)bl_clamp((int32_t)sum >> BL_ADD_LINEAR_BITS, low, high);
      }
    }
  }
  return BL_OK;
}
