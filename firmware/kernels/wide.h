/* Fixed-point scaling of int16 layers with int8 weights, as TFLite's reference kernels do it. Their
 * sums have 64 bits, and are scaled by the upper 15 bits of a multiplier, with one rounding, ties
 * upwards; or they have 32 bits where the model says so, and are scaled as requantise.h does. */
#ifndef BL_WIDE_H
#define BL_WIDE_H

#include "requantise.h"

/* x * multiplier * 2^(shift - 31) for |x| below 2^47 and a shift of -31..7. */
static inline int32_t bl_requantise_64(int64_t x, int32_t multiplier, int32_t shift) {
  const int32_t upper = multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
  const int32_t right = 15 - shift;
  return (int32_t)((x * upper + (INT64_C(1) << (right - 1))) >> right);
}

/* Scales a sum; `wide` is 1 where the model has it in 64 bits. */
static inline int32_t bl_requantise_wide(int64_t sum, int32_t wide, int32_t multiplier,
                                         int32_t shift) {
  return wide ? bl_requantise_64(sum, multiplier, shift)
              : bl_requantise((int32_t)(uint32_t)sum, multiplier, shift);
}

#endif
