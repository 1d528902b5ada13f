#include "div.h"
#include "requantise.h"

/* The power of two below or at x >= 1. */
static int32_t log2_floor(int32_t x) {
  int32_t bits = 0;
  while (x >> (bits + 1)) {
    bits++;
  }
  return bits;
}

static int32_t quotient(const bl_div_s8 *p, int32_t x, int32_t y, const int32_t *reciprocals) {
  if (y == 0) {
    return p->activation_max;
  }
  if (x == 0) {
    return bl_clamp(p->output_zero_point, p->activation_min, p->activation_max);
  }
  if (y < 0) {
    x = -x;
    y = -y;
  }
  /* a negative power of two goes one bit further than the positive one */
  const int32_t headroom = x > 0 ? 30 - log2_floor(x) : 31 - (x < -1 ? log2_floor(-x - 1) + 1 : 0);
  const int32_t shifted = (int32_t)((uint32_t)x << headroom);
  const int32_t unscaled = bl_doubling_high_mul(shifted, reciprocals[y - 1]);
  const int32_t right = log2_floor(y) + headroom - p->shift;
  const int32_t scaled =
      bl_rounding_shift_right(bl_doubling_high_mul(unscaled, p->multiplier), right);
  return bl_clamp(bl_offset(scaled, p->output_zero_point), p->activation_min, p->activation_max);
}

bl_status bl_div_s8_ref(const bl_div_s8 *p, const int8_t *a, const int8_t *b,
                        const int32_t *reciprocals, int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const int32_t x = row_a[i * s->a_inner] - p->a_zero_point;
        const int32_t y = row_b[i * s->b_inner] - p->b_zero_point;
        const int32_t value =
            p->reversed ? quotient(p, y, x, reciprocals) : quotient(p, x, y, reciprocals);
        *output++ = (int8_t)value;
      }
    }
  }
  return BL_OK;
}

bl_status bl_div_f32_ref(const bl_div_f32 *p, const float *a, const float *b, float *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const float *row_a = a + o * s->a_outer + m * s->a_middle;
      const float *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const float x = row_a[i * s->a_inner], y = row_b[i * s->b_inner];
        *output++ = bl_clamp_f32(p->reversed ? y / x : x / y, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
