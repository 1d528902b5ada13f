/* Fixed-point scaling as TFLite's reference kernels do it, bit for bit: most round twice, fully
 * connected layers once. The two differ by a unit in about 1 of 400 outputs.
 *
 * A real multiplier is written as multiplier * 2^(shift - 31) with multiplier in [2^30, 2^31) or 0;
 * shift > 0 shifts left, shift < 0 right.
 * Source of the semantics: tensorflow/lite/kernels/internal/common.h and gemmlowp's fixedpoint.h.
 */
#ifndef BL_REQUANTISE_H
#define BL_REQUANTISE_H

#include <stdint.h>

/* round(a * b / 2^31), ties upwards, by four products of 16 bits each; not both are INT32_MIN. */
static inline int32_t bl_doubling_high_mul_16(int32_t a, int32_t b) {
  const uint32_t negative = (uint32_t)((a ^ b) < 0);
  const uint32_t x = a < 0 ? 0 - (uint32_t)a : (uint32_t)a;
  const uint32_t y = b < 0 ? 0 - (uint32_t)b : (uint32_t)b;
  const uint32_t x_high = x >> 16, x_low = x & 0xffff, y_high = y >> 16, y_low = y & 0xffff;
  const uint32_t low = x_low * y_low;
  /* a negative tie goes to the smaller magnitude */
  const uint32_t tie = negative & (uint32_t)((low & 0xffff) == 0);
  const uint32_t middle = x_high * y_low + x_low * y_high + (low >> 16) + (1 << 14) - tie;
  const uint32_t magnitude = 2 * (x_high * y_high) + (middle >> 15);
  return (int32_t)(negative ? 0 - magnitude : magnitude);
}

/* Does the same in the way of the core. */
static inline int32_t bl_doubling_high_mul_unsaturated(int32_t a, int32_t b) {
#if defined(__XTENSA__) || defined(__ARM_ARCH_6M__) /* a product of 64 bits is a call there */
  return bl_doubling_high_mul_16(a, b);
#else
  return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
#endif
}

/* Does the same, and saturates the one product that overflows. */
static inline int32_t bl_doubling_high_mul(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) {
    return INT32_MAX;
  }
  return bl_doubling_high_mul_unsaturated(a, b);
}

/* round(x / 2^exponent), ties away from zero; exponent 0..31. */
static inline int32_t bl_rounding_shift_right(int32_t x, int32_t exponent) {
  const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0);
  return (x >> exponent) + (remainder > threshold);
}

/* x * multiplier * 2^(shift - 31). The left shift wraps as in the reference's release builds. */
static inline int32_t bl_requantise(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t right = shift > 0 ? 0 : -shift;
  const int32_t shifted = (int32_t)((uint32_t)x << left);
  return bl_rounding_shift_right(bl_doubling_high_mul(shifted, multiplier), right);
}

/* Computes the same value with one rounding, ties away from zero. */
static inline int32_t bl_requantise_once(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t right = 31 - shift; /* 1..62 */
  const int64_t product = (int64_t)x * multiplier;
  return (int32_t)((product + (INT64_C(1) << (right - 1)) - (product < 0)) >> right);
}

/* A scaled value and the output's zero point; wraps where the two leave 32 bits. */
static inline int32_t bl_offset(int32_t scaled, int32_t zero_point) {
  return (int32_t)((uint32_t)scaled + (uint32_t)zero_point);
}

#endif
