/* Scaling by a factor in single precision, rounded to even, as XNNPACK does it: for models that
 * have to give its bits. It takes the place of requantise.h.
 */
#ifndef BL_REAL_FACTOR_H
#define BL_REAL_FACTOR_H

#include <stdint.h>

/* Returns the integer nearest to x, ties to even, for |x| up to 2^15; beyond, one that is beyond.
 */
static inline int32_t bl_round_to_even(float x) {
  const float limit = 32768.0f;
  const float near = x < -limit ? -limit : x > limit ? limit : x;
  /* A float of 2^23 and more has no fraction left; `volatile` keeps the two sums apart. */
  const volatile float sum = near + 12582912.0f;
  return (int32_t)(sum - 12582912.0f);
}

/* round(x * factor): x is rounded to 24 bits before the product, which is rounded, too. */
static inline int32_t bl_by_real_factor(int32_t x, float factor) {
  const volatile float product = (float)x * factor;
  return bl_round_to_even(product);
}

#endif
