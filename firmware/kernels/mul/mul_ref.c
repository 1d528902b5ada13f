#include "mul.h"
#include "requantise.h"

bl_status bl_mul_s8_ref(const bl_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
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
        const int32_t value =
            bl_requantise(product, p->multiplier, p->shift) + p->output_zero_point;
        *output++ = (int8_t)bl_clamp(value, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}

bl_status bl_mul_f32_ref(const bl_mul_f32 *p, const float *a, const float *b, float *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const float *row_a = a + o * s->a_outer + m * s->a_middle;
      const float *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const float product = row_a[i * s->a_inner] * row_b[i * s->b_inner];
        *output++ = bl_clamp_f32(product, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
