#include "add.h"

bl_status bl_add_real_s8_ref(const bl_add_real_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s) || p->shift < 0 || p->shift > 31) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const int32_t sum = row_a[i * s->a_inner] * p->a_multiplier +
                            row_b[i * s->b_inner] * p->b_multiplier + p->bias;
        const int32_t value = (sum >> p->shift) + p->output_zero_point;
        *output++ = (int8_t)bl_clamp(value, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
