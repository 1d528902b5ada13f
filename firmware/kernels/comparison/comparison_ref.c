#include "comparison.h"
#include "requantise.h"

typedef int (*test_s8)(int32_t a, int32_t b);

typedef int (*test_f32)(float a, float b);

static int32_t scaled(int32_t q, int32_t zero_point, int32_t multiplier, int32_t shift) {
  return bl_requantise((q - zero_point) * (1 << BL_COMPARISON_FRACTION_BITS), multiplier, shift);
}

static bl_status each_s8(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                         uint8_t *output, test_s8 test) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s) || p->a_shift > 0 || p->b_shift > 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const int32_t x = row_a[i * s->a_inner], y = row_b[i * s->b_inner];
        *output++ = (uint8_t)test(scaled(x, p->a_zero_point, p->a_multiplier, p->a_shift),
                                  scaled(y, p->b_zero_point, p->b_multiplier, p->b_shift));
      }
    }
  }
  return BL_OK;
}

static bl_status each_f32(const bl_comparison_f32 *p, const float *a, const float *b,
                          uint8_t *output, test_f32 test) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const float *row_a = a + o * s->a_outer + m * s->a_middle;
      const float *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        *output++ = (uint8_t)test(row_a[i * s->a_inner], row_b[i * s->b_inner]);
      }
    }
  }
  return BL_OK;
}

static int equal_s8(int32_t a, int32_t b) {
  return a == b;
}

static int not_equal_s8(int32_t a, int32_t b) {
  return a != b;
}

static int greater_s8(int32_t a, int32_t b) {
  return a > b;
}

static int greater_equal_s8(int32_t a, int32_t b) {
  return a >= b;
}

static int less_s8(int32_t a, int32_t b) {
  return a < b;
}

static int less_equal_s8(int32_t a, int32_t b) {
  return a <= b;
}

static int equal_f32(float a, float b) {
  return a == b;
}

static int not_equal_f32(float a, float b) {
  return a != b;
}

static int greater_f32(float a, float b) {
  return a > b;
}

static int greater_equal_f32(float a, float b) {
  return a >= b;
}

static int less_f32(float a, float b) {
  return a < b;
}

static int less_equal_f32(float a, float b) {
  return a <= b;
}

bl_status bl_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                          uint8_t *output) {
  return each_s8(p, a, b, output, equal_s8);
}

bl_status bl_not_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                              uint8_t *output) {
  return each_s8(p, a, b, output, not_equal_s8);
}

bl_status bl_greater_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                            uint8_t *output) {
  return each_s8(p, a, b, output, greater_s8);
}

bl_status bl_greater_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                                  uint8_t *output) {
  return each_s8(p, a, b, output, greater_equal_s8);
}

bl_status bl_less_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                         uint8_t *output) {
  return each_s8(p, a, b, output, less_s8);
}

bl_status bl_less_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                               uint8_t *output) {
  return each_s8(p, a, b, output, less_equal_s8);
}

bl_status bl_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                           uint8_t *output) {
  return each_f32(p, a, b, output, equal_f32);
}

bl_status bl_not_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                               uint8_t *output) {
  return each_f32(p, a, b, output, not_equal_f32);
}

bl_status bl_greater_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                             uint8_t *output) {
  return each_f32(p, a, b, output, greater_f32);
}

bl_status bl_greater_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                                   uint8_t *output) {
  return each_f32(p, a, b, output, greater_equal_f32);
}

bl_status bl_less_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                          uint8_t *output) {
  return each_f32(p, a, b, output, less_f32);
}

bl_status bl_less_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                                uint8_t *output) {
  return each_f32(p, a, b, output, less_equal_f32);
}
