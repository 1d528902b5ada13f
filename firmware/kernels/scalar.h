/* Shared by the _scalar variants: plain C for cores without SIMD, such as Cortex-M0, Cortex-M3 and
 * RISC-V. The input's zero point is in the bias, so that an inner loop is loads, products and sums;
 * sums wrap, so their order does not matter. */
#ifndef BL_SCALAR_H
#define BL_SCALAR_H

#include <stdint.h>

/* *sum_a += inputs * row_a, *sum_b += inputs * row_b, over `count` bytes. */
static inline void bl_two_dots(const int8_t *inputs, const int8_t *row_a, const int8_t *row_b,
                               int32_t count, uint32_t *sum_a, uint32_t *sum_b) {
  uint32_t a = *sum_a, b = *sum_b;
  for (const int8_t *end = inputs + (count & ~3); inputs != end;
       inputs += 4, row_a += 4, row_b += 4) {
    a += (uint32_t)(inputs[0] * row_a[0]), b += (uint32_t)(inputs[0] * row_b[0]);
    a += (uint32_t)(inputs[1] * row_a[1]), b += (uint32_t)(inputs[1] * row_b[1]);
    a += (uint32_t)(inputs[2] * row_a[2]), b += (uint32_t)(inputs[2] * row_b[2]);
    a += (uint32_t)(inputs[3] * row_a[3]), b += (uint32_t)(inputs[3] * row_b[3]);
  }
  for (count &= 3; count > 0; count--, inputs++) {
    a += (uint32_t)(*inputs * *row_a++), b += (uint32_t)(*inputs * *row_b++);
  }
  *sum_a = a;
  *sum_b = b;
}

#endif
