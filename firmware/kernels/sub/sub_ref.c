#include "sub.h"

bl_status bl_sub_f32_ref(const bl_sub_f32 *p, const float *a, const float *b, float *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const float *row_a = a + o * s->a_outer + m * s->a_middle;
      const float *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const float x = row_a[i * s->a_inner];
        const float y = row_b[i * s->b_inner];
        const float difference = p->reversed ? y - x : x - y;
        *output++ = bl_clamp_f32(difference, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
