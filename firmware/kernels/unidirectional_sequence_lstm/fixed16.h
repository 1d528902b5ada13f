/* The logistic function and tanh in 16-bit fixed point, as TFLite's integer LSTM computes them, bit
 * for bit. Source of the semantics: gemmlowp's fixedpoint.h.
 *
 * Qm below: a signed 16-bit number with m integer and 15 - m fractional bits.
 */
#ifndef BL_FIXED16_H
#define BL_FIXED16_H

#include <stdint.h>

/* round(a * b / 2^15), ties upwards; not both are INT16_MIN. */
static inline int32_t bl_high_mul_16(int32_t a, int32_t b) {
  return (a * b + (1 << 14)) >> 15;
}

static inline int32_t bl_saturated_16(int32_t x) {
  return x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x;
}

/* x * 2^bits; from half of the lowest value downwards, it is the lowest, as for gemmlowp. */
static inline int32_t bl_shift_left_16(int32_t x, int32_t bits) {
  const int32_t threshold = (1 << (15 - bits)) - 1;
  return x > threshold ? INT16_MAX : x < -threshold ? INT16_MIN : x * (1 << bits);
}

/* round(x / 2^bits), ties away from zero. */
static inline int32_t bl_shift_right_16(int32_t x, int32_t bits) {
  const int32_t mask = (1 << bits) - 1;
  return (x >> bits) + ((x & mask) > (mask >> 1) + (x < 0));
}

/* exp(a) for a <= 0, Qm -> Q0, m from 1 to 7: below 1/4 by a Taylor series of degree 4 around -1/8,
 * then a factor for each higher bit. */
static inline int32_t bl_exp_negative_16(int32_t a, int32_t m) {
  /* round(exp(-2^k) * 2^15) for k = -2 .. 4 */
  static const int16_t factor[7] = {25520, 19875, 12055, 4435, 600, 11, 0};
  const int32_t exp_minus_eighth = 28918, third = 10923;
  const int32_t quarter = 1 << (13 - m);
  if (a == 0) {
    return INT16_MAX;
  }
  if (m > 5 && a < -(1 << (20 - m))) { /* below -32 */
    return 0;
  }
  const int32_t low = (a & (quarter - 1)) - quarter; /* in [-1/4, 0) */
  const int32_t rest = low - a;                      /* a multiple of 1/4, >= 0 */
  const int32_t x = bl_shift_left_16(low, m) + (1 << 12);
  const int32_t x2 = bl_high_mul_16(x, x);
  const int32_t x3 = bl_high_mul_16(x2, x);
  const int32_t x4 = bl_high_mul_16(x2, x2);
  const int32_t tail = bl_high_mul_16(bl_shift_right_16(x4, 2) + x3, third) + x2;
  int32_t result = bl_saturated_16(
      exp_minus_eighth + bl_high_mul_16(exp_minus_eighth, x + bl_shift_right_16(tail, 1)));
  for (int32_t k = 0; k < 7 && k < m + 2; k++) {
    if (rest & (quarter << k)) {
      result = bl_high_mul_16(result, factor[k]);
    }
  }
  return result;
}

/* 2 / (1 + a) for a in [0, 1], Q0 -> Q2: three Newton steps. */
static inline int32_t bl_twice_reciprocal_16(int32_t a) {
  const int32_t q_48_over_17 = 23130, q_minus_32_over_17 = -15420, one = 1 << 13;
  const int32_t half_denominator = (a + INT16_MAX + 1) / 2;
  int32_t x = q_48_over_17 + bl_high_mul_16(half_denominator, q_minus_32_over_17);
  for (int32_t i = 0; i < 3; i++) {
    const int32_t error = one - bl_high_mul_16(half_denominator, x);
    x += bl_shift_left_16(bl_high_mul_16(x, error), 2);
  }
  return x;
}

/* 1 / (1 + exp(-a)), Q3 -> Q0. */
static inline int32_t bl_logistic_16(int32_t a) {
  if (a == 0) {
    return 1 << 14;
  }
  const int32_t x = bl_twice_reciprocal_16(bl_exp_negative_16(a > 0 ? -a : a, 3));
  const int32_t positive = bl_shift_left_16(x, 1);
  return a > 0 ? positive : INT16_MAX - positive;
}

/* tanh(a), Qm -> Q0, m from 0 to 6: (1 - exp(-2a)) / (1 + exp(-2a)). */
static inline int32_t bl_tanh_16(int32_t a, int32_t m) {
  if (a == 0) {
    return 0;
  }
  const int32_t x = bl_twice_reciprocal_16(bl_exp_negative_16(a > 0 ? -a : a, m + 1));
  const int32_t positive = bl_shift_left_16(x - (1 << 13), 2);
  return a > 0 ? positive : -positive;
}

#endif
