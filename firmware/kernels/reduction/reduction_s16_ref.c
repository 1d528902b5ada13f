#include "reduction.h"

bl_status bl_reduce_min_s16_ref(const bl_reduction *p, const int16_t *input, int16_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++) {
    for (int32_t i = 0; i < p->inner; i++) {
      const int16_t *from = input + o * p->reduced * p->inner + i;
      int16_t least = *from;
      for (int32_t r = 1; r < p->reduced; r++) {
        const int16_t value = from[r * p->inner];
        least = value < least ? value : least;
      }
      *output++ = least;
    }
  }
  return BL_OK;
}
