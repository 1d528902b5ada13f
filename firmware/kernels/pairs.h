/* Shared by the reference kernels that combine two tensors value by value, broadcast as broadcast.h
 * says: output = f(a, b) for each pair, in ascending order. */
#ifndef BL_PAIRS_H
#define BL_PAIRS_H

#include "broadcast.h"
#include "kernel.h"

/* An int8 or int16 output by the parameters that the kernel was called with. */
typedef int32_t (*bl_pair_s8)(const void *params, int32_t a, int32_t b);

typedef float (*bl_pair_f32)(float a, float b);

static inline bl_status bl_pairs_s8(const bl_broadcast *s, const void *params, bl_pair_s8 function,
                                    const int8_t *a, const int8_t *b, int8_t *output) {
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int8_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        *output++ = (int8_t)function(params, row_a[i * s->a_inner], row_b[i * s->b_inner]);
      }
    }
  }
  return BL_OK;
}

/* Does the same of int16. */
static inline bl_status bl_pairs_s16(const bl_broadcast *s, const void *params, bl_pair_s8 function,
                                     const int16_t *a, const int16_t *b, int16_t *output) {
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const int16_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const int16_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        *output++ = (int16_t)function(params, row_a[i * s->a_inner], row_b[i * s->b_inner]);
      }
    }
  }
  return BL_OK;
}

/* function(b, a) where `reversed` is set. */
static inline bl_status bl_pairs_f32(const bl_broadcast *s, int32_t reversed, bl_pair_f32 function,
                                     const float *a, const float *b, float *output) {
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const float *row_a = a + o * s->a_outer + m * s->a_middle;
      const float *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        const float x = row_a[i * s->a_inner], y = row_b[i * s->b_inner];
        *output++ = reversed ? function(y, x) : function(x, y);
      }
    }
  }
  return BL_OK;
}

#endif
