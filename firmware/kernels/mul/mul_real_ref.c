#include "mul.h"
#include "real_factor.h"

bl_status bl_mul_real_s8_ref(const bl_mul_real_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const int32_t product =
            (row_a[i * s->a_inner] - p->a_zero_point) * (row_b[i * s->b_inner] - p->b_zero_point);
        const int32_t value = bl_by_real_factor(product, p->factor) + p->output_zero_point;
        *output++ = (int8_t)bl_clamp(value, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
