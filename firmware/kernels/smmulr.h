/* round(a * b / 2^32), ties upwards: one instruction of Armv7E-M, plain C elsewhere. */
#ifndef BL_SMMULR_H
#define BL_SMMULR_H

#include <stdint.h>

static inline int32_t bl_smmulr(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
  int32_t result;
  __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
#else
  return (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32);
#endif
}

#endif
