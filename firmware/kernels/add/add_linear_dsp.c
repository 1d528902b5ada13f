/* Four values at a time, where both operands go on from value to value. */
#include "add.h"
#include "dsp.h"

/* What all values share. */
typedef struct {
  uint32_t a_multiplier, b_multiplier, bias;
} factors;

BL_INLINE int8_t sum_of(const factors *f, int32_t a, int32_t b) {
  const uint32_t sum = (uint32_t)a * f->a_multiplier + (uint32_t)b * f->b_multiplier + f->bias;
  return (int8_t)BL_SSAT8_SHIFTED((int32_t)sum, BL_ADD_LINEAR_BITS);
}

/* `count` sums; the steps are 0 or 1. */
static void row_of(const factors *f, const int8_t *a, int32_t a_step, const int8_t *b,
                   int32_t b_step, int32_t count, int8_t *output) {
  const factors all = *f; /* a store of an int8 might change *f for all the compiler knows */
  if (a_step && b_step) {
    for (; count >= 4; count -= 4, a += 4, b += 4, output += 4) {
      const int32_t a0 = a[0], a1 = a[1], b0 = b[0], b1 = b[1];
      const int32_t a2 = a[2], a3 = a[3], b2 = b[2], b3 = b[3];
      output[0] = sum_of(&all, a0, b0);
      output[1] = sum_of(&all, a1, b1);
      output[2] = sum_of(&all, a2, b2);
      output[3] = sum_of(&all, a3, b3);
    }
  }
  for (; count > 0; count--, a += a_step, b += b_step) {
    *output++ = sum_of(&all, *a, *b);
  }
}

bl_status bl_add_linear_s8_dsp(const bl_add_linear_s8 *p, const int8_t *a, const int8_t *b,
                               int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  const factors f = {(uint32_t)p->a_multiplier, (uint32_t)p->b_multiplier, (uint32_t)p->bias};
  const int narrow = p->activation_min > INT8_MIN || p->activation_max < INT8_MAX;
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++, output += s->inner) {
      row_of(&f, a + o * s->a_outer + m * s->a_middle, s->a_inner,
             b + o * s->b_outer + m * s->b_middle, s->b_inner, s->inner, output);
      if (narrow) {
        bl_clamp_bytes(output, s->inner, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
