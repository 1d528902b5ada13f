/* Four sums at a time, in the reference's roundings. */
#include "add.h"
#include "mve.h"

/* A row of outputs; a_step and b_step, 0 or 1, are constants. */
static inline __attribute__((always_inline)) void row_of(const bl_add_s8 *p, const int8_t *a,
                                                         const int8_t *b, int8_t *output,
                                                         int32_t a_step, int32_t b_step) {
  const int32x4_t a_shift = vdupq_n_s32(p->a_shift), b_shift = vdupq_n_s32(p->b_shift);
  const int32x4_t shift = vdupq_n_s32(p->output_shift);
  const int32_t a_away = p->a_shift != 0, b_away = p->b_shift != 0, away = p->output_shift != 0;
  const int32_t a_zero_point = p->a_zero_point, b_zero_point = p->b_zero_point;
  const int32_t a_multiplier = p->a_multiplier, b_multiplier = p->b_multiplier;
  const int32_t multiplier = p->output_multiplier, zero_point = p->output_zero_point;
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  for (int32_t left = p->shape.inner; left > 0; left -= 4, output += 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)left);
    int32x4_t x = vsubq_n_s32(bl_mve_load(a, a_step, lanes), a_zero_point);
    int32x4_t y = vsubq_n_s32(bl_mve_load(b, b_step, lanes), b_zero_point);
    x = bl_mve_scale(vshlq_n_s32(x, BL_ADD_FRACTION_BITS), a_multiplier, a_shift, a_away);
    y = bl_mve_scale(vshlq_n_s32(y, BL_ADD_FRACTION_BITS), b_multiplier, b_shift, b_away);
    x = vaddq_n_s32(bl_mve_scale(vaddq_s32(x, y), multiplier, shift, away), zero_point);
    vstrbq_p_s32(output, vminq_s32(vmaxq_s32(x, min), max), lanes);
    a += 4 * a_step;
    b += 4 * b_step;
  }
}

bl_status bl_add_s8_mve(const bl_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s) || s->a_inner > 1 || s->b_inner > 1 || p->a_shift > 0 ||
      p->b_shift > 0 || p->output_shift > 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++, output += s->inner) {
      const int8_t *from_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *from_b = b + o * s->b_outer + m * s->b_middle;
      if (!s->a_inner) {
        row_of(p, from_a, from_b, output, 0, 1);
      } else if (!s->b_inner) {
        row_of(p, from_a, from_b, output, 1, 0);
      } else {
        row_of(p, from_a, from_b, output, 1, 1);
      }
    }
  }
  return BL_OK;
}
