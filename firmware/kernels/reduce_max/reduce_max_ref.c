#include "reduce_max.h"

bl_status bl_reduce_max_s8_ref(const bl_reduce_max_s8 *p, const int8_t *input, int8_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const int8_t *from = input + o * p->reduced * p->inner + i;
      int8_t largest = *from;
      for (int32_t r = 1; r < p->reduced; r++) {
        const int8_t value = from[r * p->inner];
        largest = value > largest ? value : largest;
      }
      *output++ = largest;
    }
  }
  return BL_OK;
}

bl_status bl_reduce_max_f32_ref(const bl_reduce_max_f32 *p, const float *input, float *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const float *from = input + o * p->reduced * p->inner + i;
      float largest = *from;
      for (int32_t r = 1; r < p->reduced; r++) {
        const float value = from[r * p->inner];
        largest = value > largest ? value : largest;
      }
      *output++ = largest;
    }
  }
  return BL_OK;
}
