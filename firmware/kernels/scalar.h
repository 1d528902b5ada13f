/* Shared by the _scalar variants: plain C for cores without SIMD, such as Cortex-M0, Cortex-M3 and
 * RISC-V. The input's zero point is in the bias, so that an inner loop is loads, products and sums;
 * sums wrap, so their order does not matter. */
#ifndef BL_SCALAR_H
#define BL_SCALAR_H

#include <stdint.h>

#include "requantise.h"

/* Has the compiler finish `sum` here: it would add products up first, which takes an addition more
 * than adding each to the sum by one instruction. */
#define BL_IN_ORDER(sum) __asm__("" : "+r"(sum))

/* Does the same before anything else is loaded through `from`: fewer values are in registers then.
 */
#ifdef __ARM_ARCH_6M__ /* of which the compiler has to exchange some, better not in this order */
#define BL_ONE_BY_ONE(sum, from) BL_IN_ORDER(sum)
#else
#define BL_ONE_BY_ONE(sum, from) __asm__("" : "+r"(sum), "+r"(from))
#endif

#if defined(__riscv) || defined(__XTENSA__)
#define BL_LOADS_FROM_SUMS 0
#else /* cores of Arm load from a sum of two registers, so that one counter serves all rows */
#define BL_LOADS_FROM_SUMS 1
#endif

/* STEP(i) for all i from -count to -1, for rows that are addressed from their ends. */
#ifdef __ARM_ARCH_6M__
#define BL_UNROLLED(STEP, i) \
  if (i & 1) {               \
    STEP(i);                 \
    i++;                     \
  }                          \
  for (; i != 0; i++) {      \
    STEP(i);                 \
    i++;                     \
    BL_IN_ORDER(i);          \
    STEP(i);                 \
  }
#else
#define BL_UNROLLED(STEP, i) \
  if (i & 1) {               \
    STEP(i);                 \
    i++;                     \
    BL_IN_ORDER(i);          \
  }                          \
  if (i & 2) {               \
    STEP(i);                 \
    i++;                     \
    BL_IN_ORDER(i);          \
    STEP(i);                 \
    i++;                     \
    BL_IN_ORDER(i);          \
  }                          \
  for (; i != 0; i++) {      \
    STEP(i);                 \
    i++;                     \
    BL_IN_ORDER(i);          \
    STEP(i);                 \
    i++;                     \
    BL_IN_ORDER(i);          \
    STEP(i);                 \
    i++;                     \
    BL_IN_ORDER(i);          \
    STEP(i);                 \
  }
#endif

/* Moves a row to its end, which the compiler then keeps in a register. */
#define BL_TO_END(row, count) \
  row += (count);             \
  BL_IN_ORDER(row)

/* STEP(i) for all `count` bytes of rows that are walked by pointers, four a round, then the rest.
 * NEXT(n) moves all pointers on, of which `inputs` is one. */
#define BL_IN_ROUNDS(STEP, NEXT, inputs, count)                             \
  for (const int8_t *end = inputs + (count & ~3); inputs != end; NEXT(4)) { \
    STEP(0);                                                                \
    STEP(1);                                                                \
    STEP(2);                                                                \
    STEP(3);                                                                \
  }                                                                         \
  for (count &= 3; count > 0; count--) {                                    \
    STEP(0);                                                                \
    NEXT(1);                                                                \
  }

/* *sum_a += inputs * row_a, *sum_b += inputs * row_b, over `count` bytes. */
static inline void bl_two_dots(const int8_t *inputs, const int8_t *row_a, const int8_t *row_b,
                               int32_t count, uint32_t *sum_a, uint32_t *sum_b) {
  uint32_t a = *sum_a, b = *sum_b;
#define BL_TWO(i)                  \
  do {                             \
    const int32_t u = inputs[i];   \
    a += (uint32_t)(u * row_a[i]); \
    b += (uint32_t)(u * row_b[i]); \
    BL_IN_ORDER(a);                \
    BL_IN_ORDER(b);                \
  } while (0)
#if BL_LOADS_FROM_SUMS
  int32_t i = -count;
  BL_IN_ORDER(i);
  BL_TO_END(inputs, count);
  BL_TO_END(row_a, count);
  BL_TO_END(row_b, count);
  BL_UNROLLED(BL_TWO, i)
#else
#define BL_NEXT(n) (inputs += (n), row_a += (n), row_b += (n))
  BL_IN_ROUNDS(BL_TWO, BL_NEXT, inputs, count)
#undef BL_NEXT
#endif
  *sum_a = a;
  *sum_b = b;
#undef BL_TWO
}

/* Returns sum + inputs * row, of one row. */
static inline uint32_t bl_dot(const int8_t *inputs, const int8_t *row, int32_t count,
                              uint32_t sum) {
#define BL_ONE(i)                          \
  do {                                     \
    sum += (uint32_t)(inputs[i] * row[i]); \
    BL_IN_ORDER(sum);                      \
  } while (0)
#if BL_LOADS_FROM_SUMS
  int32_t i = -count;
  BL_IN_ORDER(i);
  BL_TO_END(inputs, count);
  BL_TO_END(row, count);
  BL_UNROLLED(BL_ONE, i)
#else
  for (const int8_t *end = inputs + (count & ~1); inputs != end; inputs += 2, row += 2) {
    BL_ONE(0);
    BL_ONE(1);
  }
  if (count & 1) {
    BL_ONE(0);
  }
#endif
#undef BL_ONE
  return sum;
}

#if defined(__ARM_ARCH_6M__) || defined(__XTENSA__)
enum { BL_FOUR_AT_ONCE = 0 }; /* too few registers for four rows */
#else
enum { BL_FOUR_AT_ONCE = 1 };
#endif

/* Does the same as bl_two_dots with four rows that lie `count` bytes apart: sums[k] += inputs * row
 * k. */
static inline void bl_dots_of_four(const int8_t *inputs, const int8_t *rows, int32_t count,
                                   uint32_t sums[4]) {
  const int8_t *row_b = rows + count, *row_c = row_b + count, *row_d = row_c + count;
  uint32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
#define BL_OF_FOUR(i)              \
  do {                             \
    const int32_t u = inputs[i];   \
    a += (uint32_t)(u * rows[i]);  \
    b += (uint32_t)(u * row_b[i]); \
    c += (uint32_t)(u * row_c[i]); \
    d += (uint32_t)(u * row_d[i]); \
    BL_IN_ORDER(a);                \
    BL_IN_ORDER(b);                \
    BL_IN_ORDER(c);                \
    BL_IN_ORDER(d);                \
  } while (0)
#if BL_LOADS_FROM_SUMS
  int32_t i = -count;
  BL_IN_ORDER(i);
  BL_TO_END(inputs, count);
  BL_TO_END(rows, count);
  BL_TO_END(row_b, count);
  BL_TO_END(row_c, count);
  BL_TO_END(row_d, count);
  BL_UNROLLED(BL_OF_FOUR, i)
#else
#define BL_NEXT(n) (inputs += (n), rows += (n), row_b += (n), row_c += (n), row_d += (n))
  BL_IN_ROUNDS(BL_OF_FOUR, BL_NEXT, inputs, count)
#undef BL_NEXT
#endif
#undef BL_OF_FOUR
  sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

/* *sums += the same of two rows of inputs: inputs_a with both rows, then inputs_b with both. Each
 * byte is loaded once for two products. */
static inline void bl_four_dots(const int8_t *inputs_a, const int8_t *inputs_b, const int8_t *row_a,
                                const int8_t *row_b, int32_t count, uint32_t sums[4]) {
#if defined(__ARM_ARCH_6M__) || defined(__XTENSA__) /* where that is slower: too few registers */
  bl_two_dots(inputs_a, row_a, row_b, count, &sums[0], &sums[1]);
  bl_two_dots(inputs_b, row_a, row_b, count, &sums[2], &sums[3]);
#else
  uint32_t aa = sums[0], ab = sums[1], ba = sums[2], bb = sums[3];
#define BL_FOUR(i)                                    \
  do {                                                \
    const int32_t u = inputs_a[i], v = inputs_b[i];   \
    const int32_t x = row_a[i], y = row_b[i];         \
    aa += (uint32_t)(u * x), ab += (uint32_t)(u * y); \
    ba += (uint32_t)(v * x), bb += (uint32_t)(v * y); \
    BL_IN_ORDER(aa);                                  \
    BL_IN_ORDER(ab);                                  \
    BL_IN_ORDER(ba);                                  \
    BL_IN_ORDER(bb);                                  \
  } while (0)
#if BL_LOADS_FROM_SUMS
  int32_t i = -count;
  BL_IN_ORDER(i);
  BL_TO_END(inputs_a, count);
  BL_TO_END(inputs_b, count);
  BL_TO_END(row_a, count);
  BL_TO_END(row_b, count);
  BL_UNROLLED(BL_FOUR, i)
#else
#define BL_NEXT(n) (inputs_a += (n), inputs_b += (n), row_a += (n), row_b += (n))
  BL_IN_ROUNDS(BL_FOUR, BL_NEXT, inputs_a, count)
#undef BL_NEXT
#endif
#undef BL_FOUR
  sums[0] = aa, sums[1] = ab, sums[2] = ba, sums[3] = bb;
#endif
}

/* round(sum * multiplier / 2^31), ties upwards, by four products of 16 bits each, for a multiplier
 * that is not negative. Of the lower products only what they carry counts. */
static inline int32_t bl_doubled_high_16(int32_t sum, int32_t multiplier) {
  const int32_t x_high = sum >> 16, y_high = multiplier >> 16;
  const uint32_t x_low = (uint16_t)sum, y_low = (uint16_t)multiplier;
  const int32_t middle = x_high * (int32_t)y_low;
  uint32_t carry = x_low * (uint32_t)y_high + (x_low * y_low >> 16) + (1 << 14);
  carry = (carry + ((uint32_t)middle & 0x7fff)) >> 15;
  return x_high * y_high * 2 + (middle >> 15) + (int32_t)carry;
}

#if defined(__XTENSA__) || defined(__ARM_ARCH_6M__) /* a product of 64 bits is a call there */
static inline int32_t bl_doubled_high(int32_t sum, int32_t multiplier) {
  return bl_doubled_high_16(sum, multiplier);
}

/* The upper word of a negative product less 1 is the complement of its magnitude's. */
static inline int32_t bl_high_less_sign(int32_t sum, int32_t multiplier) {
  const uint32_t x = sum < 0 ? 0 - (uint32_t)sum : (uint32_t)sum;
  const uint32_t x_high = x >> 16, x_low = x & 0xffff;
  const uint32_t y_high = (uint32_t)multiplier >> 16, y_low = (uint32_t)multiplier & 0xffff;
  const uint32_t middle = x_high * y_low + x_low * y_high + (x_low * y_low >> 16);
  return (int32_t)(x_high * y_high + (middle >> 16)) ^ (sum >> 31);
}
#else
static inline int32_t bl_doubled_high(int32_t sum, int32_t multiplier) {
#ifdef __arm__
  BL_IN_ORDER(multiplier); /* else two products share its 64 bits, and multiply those */
#endif
  return (int32_t)(((int64_t)sum * multiplier + (INT64_C(1) << 30)) >> 31);
}

static inline int32_t bl_high_less_sign(int32_t sum, int32_t multiplier) {
  const int64_t product = (int64_t)sum * multiplier;
  return (int32_t)((product - (product < 0)) >> 32);
}
#endif

/* bl_requantise for shifts that are not below 0: rare, so kept out of the way. */
static __attribute__((noinline, cold, unused)) int32_t bl_requantise_left(int32_t sum,
                                                                          int32_t multiplier,
                                                                          int32_t shift) {
  return bl_doubled_high((int32_t)((uint32_t)sum << shift), multiplier);
}

/* bl_requantise of a multiplier that is not negative. For shifts below 0 a value rounds as its half
 * does, once what the sign takes is gone. */
static inline int32_t bl_requantise_scalar(int32_t sum, int32_t multiplier, int32_t shift) {
  if (shift < 0) {
    const int32_t high = bl_doubled_high(sum, multiplier);
    return (((high + (high >> 31)) >> (-1 - shift)) + 1) >> 1;
  }
  return bl_requantise_left(sum, multiplier, shift);
}

/* bl_requantise_once likewise. For shifts below -1 the lower word of the product only says whether
 * it is 0: a negative product that rounds to even is one less. */
static inline int32_t bl_requantise_once_scalar(int32_t sum, int32_t multiplier, int32_t shift) {
  if (shift < -1) {
    const int32_t high = bl_high_less_sign(sum, multiplier);
    return (high + (INT32_C(1) << (-2 - shift))) >> (-1 - shift);
  }
  return bl_requantise_once(sum, multiplier, shift);
}

#endif
