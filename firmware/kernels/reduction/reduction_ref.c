#include "reduction.h"

static int is_valid(const bl_reduction *p) {
  return p->outer > 0 && p->reduced > 0 && p->inner > 0;
}

bl_status bl_reduce_min_s8_ref(const bl_reduction *p, const int8_t *input, int8_t *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const int8_t *from = input + o * p->reduced * p->inner + i;
      int8_t least = *from;
      for (int32_t r = 1; r < p->reduced; r++) {
        const int8_t value = from[r * p->inner];
        least = value < least ? value : least;
      }
      *output++ = least;
    }
  }
  return BL_OK;
}

bl_status bl_reduce_min_f32_ref(const bl_reduction *p, const float *input, float *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const float *from = input + o * p->reduced * p->inner + i;
      float least = *from;
      for (int32_t r = 1; r < p->reduced; r++) {
        const float value = from[r * p->inner];
        least = value < least ? value : least;
      }
      *output++ = least;
    }
  }
  return BL_OK;
}

bl_status bl_sum_f32_ref(const bl_reduction *p, const float *input, float *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const float *from = input + o * p->reduced * p->inner + i;
      float sum = 0.0f;
      for (int32_t r = 0; r < p->reduced; r++) {
        sum += from[r * p->inner];
      }
      *output++ = sum;
    }
  }
  return BL_OK;
}
