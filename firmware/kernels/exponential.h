/* Exponentials and reciprocals in fixed point, as TFLite's softmax and log-softmax compute them,
 * bit for bit. Source of the semantics: gemmlowp's fixedpoint.h.
 */
#ifndef BL_EXPONENTIAL_H
#define BL_EXPONENTIAL_H

#include <stdint.h>

#include "requantise.h"

/* Without inline: the compiler shall decide as it does for a function of the file's own. */
#define BL_SHARED static __attribute__((unused))

/* Qm.n below: a signed 32-bit number with m integer and n fractional bits, m + n = 31. */

BL_SHARED int32_t bl_shift_left_saturating(int32_t x, int32_t bits) {
  const int64_t wide = (int64_t)x * (INT64_C(1) << bits);
  return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* exp(a) for a in [-1/4, 0), Q0.31 -> Q0.31: Taylor series of degree 4 around -1/8. */
BL_SHARED int32_t bl_exp_small(int32_t a) {
  const int32_t exp_minus_eighth = 1895147668, third = 715827883;
  const int32_t x = a + (1 << 28);
  const int32_t x2 = bl_doubling_high_mul_unsaturated(x, x);
  const int32_t x3 = bl_doubling_high_mul_unsaturated(x2, x);
  const int32_t x4 = bl_doubling_high_mul_unsaturated(x2, x2);
  const int32_t x4_over_4 = bl_rounding_shift_right(x4, 2);
  const int32_t tail = bl_rounding_shift_right(bl_doubling_high_mul(x4_over_4 + x3, third) + x2, 1);
  return exp_minus_eighth + bl_doubling_high_mul(exp_minus_eighth, x + tail);
}

/* exp(a) for a <= 0, Q5.26 -> Q0.31: the part below 1/4 by series, each higher bit by a factor. */
BL_SHARED int32_t bl_exp_negative(int32_t a) {
  /* round(exp(-2^k) * 2^31) for k = -2 .. 4 */
  static const int32_t factor[7] = {1672461947, 1302514674, 790015084, 290630308,
                                    39332535,   720401,     242};
  const int32_t quarter = 1 << 24;
  if (a == 0) {
    return INT32_MAX;
  }
  const int32_t low = (a & (quarter - 1)) - quarter; /* in [-1/4, 0) */
  int32_t result = bl_exp_small(low * (1 << 5));
  const int32_t *next = factor;
  for (uint32_t quarters = (uint32_t)(low - a) / (1 << 24); quarters != 0; quarters /= 2, next++) {
    if (quarters % 2 != 0) {
      result = bl_doubling_high_mul_unsaturated(result, *next);
    }
  }
  return result;
}

/* 1 / (1 + a) for a in [0, 1), Q0.31 -> Q0.31: three Newton steps in Q2.29. */
BL_SHARED int32_t bl_reciprocal_of_one_plus(int32_t a) {
  const int32_t q_48_over_17 = 1515870810, q_minus_32_over_17 = -1010580540, one = 1 << 29;
  const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
  int32_t x = q_48_over_17 + bl_doubling_high_mul(half_denominator, q_minus_32_over_17);
  for (int32_t i = 0; i < 3; i++) {
    const int32_t error = one - bl_doubling_high_mul(half_denominator, x);
    x += bl_shift_left_saturating(bl_doubling_high_mul(x, error), 2);
  }
  return bl_shift_left_saturating(x, 1);
}

#endif
