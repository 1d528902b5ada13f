/* Four windows of a row at a time, three or two, in assembly: a compiler runs out of registers. */
#ifndef BL_SLIDE_WINDOWS_H
#define BL_SLIDE_WINDOWS_H

#include "slide.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* The pieces of bl_slide_*: a row of the window, sums starting from `from`; `last` steps on. */
#define BL_ROW_BY_1(row, f0, f1, f2, f3, last)     \
  "ldrd %[taps01], %[taps12], [%[lane], #8 * " row \
  "]\n\t"                                          \
  "ldr %[even], [%[pairs]]\n\t"                    \
  "ldr %[odd], [%[pairs], #16]\n\t"                \
  "smlad %[s0], %[even], %[taps01], %[" f0         \
  "]\n\t"                                          \
  "smlatb %[s1], %[even], %[taps01], %[" f1        \
  "]\n\t"                                          \
  "ldr %[even], [%[pairs], #32]" last              \
  "\n\t"                                           \
  "smlabt %[s0], %[odd], %[taps12], %[s0]\n\t"     \
  "smlad %[s1], %[odd], %[taps12], %[s1]\n\t"      \
  "smlad %[s2], %[odd], %[taps01], %[" f2          \
  "]\n\t"                                          \
  "smlatb %[s3], %[odd], %[taps01], %[" f3         \
  "]\n\t"                                          \
  "smlabt %[s2], %[even], %[taps12], %[s2]\n\t"    \
  "smlad %[s3], %[even], %[taps12], %[s3]\n\t"
#define BL_ROW_BY_2(row, f0, f1, f2, f3, last)     \
  "ldrd %[taps01], %[taps12], [%[lane], #8 * " row \
  "]\n\t"                                          \
  "ldr %[even], [%[pairs]]\n\t"                    \
  "ldr %[odd], [%[pairs], #16]\n\t"                \
  "smlad %[s0], %[even], %[taps01], %[" f0         \
  "]\n\t"                                          \
  "ldr %[even], [%[pairs], #32]\n\t"               \
  "smlabt %[s0], %[odd], %[taps12], %[s0]\n\t"     \
  "smlad %[s1], %[odd], %[taps01], %[" f1          \
  "]\n\t"                                          \
  "ldr %[odd], [%[pairs], #48]\n\t"                \
  "smlabt %[s1], %[even], %[taps12], %[s1]\n\t"    \
  "smlad %[s2], %[even], %[taps01], %[" f2         \
  "]\n\t"                                          \
  "ldr %[even], [%[pairs], #64]" last              \
  "\n\t"                                           \
  "smlabt %[s2], %[odd], %[taps12], %[s2]\n\t"     \
  "smlad %[s3], %[odd], %[taps01], %[" f3          \
  "]\n\t"                                          \
  "smlabt %[s3], %[even], %[taps12], %[s3]\n\t"
#define BL_LOADS_OF_3(row)             \
  "ldr %[taps01], [%[lane], #8 * " row \
  "]\n\t"                              \
  "ldr %[taps12], [%[lane], #8 * " row \
  " + 4]\n\t"                          \
  "ldr %[even], [%[pairs]]\n\t"        \
  "ldr %[odd], [%[pairs], #16]\n\t"    \
  "ldr %[s3], [%[pairs], #32]\n\t"
#define BL_ROW_OF_3_BY_1(row, f0, f1, f2, f3, last) \
  BL_LOADS_OF_3(row)                                \
  "smlad %[s0], %[even], %[taps01], %[" f0          \
  "]\n\t"                                           \
  "smlatb %[s1], %[even], %[taps01], %[" f1         \
  "]\n\t"                                           \
  "smlad %[s2], %[odd], %[taps01], %[" f2           \
  "]\n\t"                                           \
  "smlabt %[s0], %[odd], %[taps12], %[s0]\n\t"      \
  "smlad %[s1], %[odd], %[taps12], %[s1]\n\t"       \
  "smlabt %[s2], %[s3], %[taps12], %[s2]\n\t"
#define BL_ROW_OF_3_BY_2(row, f0, f1, f2, f3, last) \
  BL_LOADS_OF_3(row)                                \
  "smlad %[s0], %[even], %[taps01], %[" f0          \
  "]\n\t"                                           \
  "ldr %[even], [%[pairs], #48]\n\t"                \
  "smlad %[s1], %[odd], %[taps01], %[" f1           \
  "]\n\t"                                           \
  "smlad %[s2], %[s3], %[taps01], %[" f2            \
  "]\n\t"                                           \
  "smlabt %[s0], %[odd], %[taps12], %[s0]\n\t"      \
  "smlabt %[s1], %[s3], %[taps12], %[s1]\n\t"       \
  "smlabt %[s2], %[even], %[taps12], %[s2]\n\t"
#define BL_HALF_ROW_BY_1(row, f0, f1, f2, f3, last) \
  "ldrd %[taps01], %[taps12], [%[lane], #8 * " row  \
  "]\n\t"                                           \
  "ldr %[even], [%[pairs]]\n\t"                     \
  "ldr %[odd], [%[pairs], #16]\n\t"                 \
  "smlad %[s0], %[even], %[taps01], %[" f0          \
  "]\n\t"                                           \
  "smlatb %[s1], %[even], %[taps01], %[" f1         \
  "]\n\t"                                           \
  "smlabt %[s0], %[odd], %[taps12], %[s0]\n\t"      \
  "smlad %[s1], %[odd], %[taps12], %[s1]\n\t"
#define BL_HALF_ROW_BY_2(row, f0, f1, f2, f3, last) \
  "ldrd %[taps01], %[taps12], [%[lane], #8 * " row  \
  "]\n\t"                                           \
  "ldr %[even], [%[pairs]]\n\t"                     \
  "ldr %[odd], [%[pairs], #16]\n\t"                 \
  "ldr %[s3], [%[pairs], #32]\n\t"                  \
  "smlad %[s0], %[even], %[taps01], %[" f0          \
  "]\n\t"                                           \
  "smlad %[s1], %[odd], %[taps01], %[" f1           \
  "]\n\t"                                           \
  "smlabt %[s0], %[odd], %[taps12], %[s0]\n\t"      \
  "smlabt %[s1], %[s3], %[taps12], %[s1]\n\t"
#define BL_WINDOW(row)                                                                             \
  row("0", "bias", "bias", "bias", "bias", "") "add %[pairs], %[row_bytes]\n\t" row(               \
      "1", "s0", "s1", "s2", "s3", "") "add %[pairs], %[row_bytes]\n\t" row("2", "s0", "s1", "s2", \
                                                                            "s3", "!")
#define BL_STEP_BACK "sub %[pairs], %[pairs], %[row_bytes], lsl #1\n\t"
/* Two sums to bytes: bl_requantise_fast. */
#define BL_SCALING                                \
  "ldrd %[taps01], %[taps12], [%[lane], #24]\n\t" \
  "ldr %[even], [%[lane], #32]\n\t"
#define BL_SCALING_OF_3               \
  "ldr %[taps01], [%[lane], #24]\n\t" \
  "ldr %[taps12], [%[lane], #28]\n\t" \
  "ldr %[even], [%[lane], #32]\n\t"
#define BL_TO_BYTES(away, a, b)                                                                    \
  "smmlar %[" a "], %[" a "], %[taps01], %[" a                                                     \
  "]\n\t"                                                                                          \
  "smmlar %[" b "], %[" b "], %[taps01], %[" b "]\n\t" away(a) away(b) "smmlsr %[" a "], %[" a     \
                                                                       "], %[taps12], %[even]\n\t" \
                                                                       "smmlsr %[" b "], %[" b     \
                                                                       "], %[taps12], %[even]\n\t" \
                                                                       "ssat %[" a "], #8, %[" a   \
                                                                       "]\n\t"                     \
                                                                       "ssat %[" b "], #8, %[" b   \
                                                                       "]\n\t"
#define BL_TO_BYTE(away, a)                                                                \
  "smmlar %[" a "], %[" a "], %[taps01], %[" a "]\n\t" away(a) "smmlsr %[" a "], %[" a     \
                                                               "], %[taps12], %[even]\n\t" \
                                                               "ssat %[" a "], #8, %[" a "]\n\t"
#define BL_NOTHING(s) ""
#define BL_LESS_IF_NEGATIVE(s) "add %[" s "], %[" s "], %[" s "], asr #31\n\t"
#define BL_FOURS(row, away) \
  __asm__ volatile(".p2align 2\n1:\n\t" BL_WINDOW(row) BL_STEP_BACK BL_SCALING BL_TO_BYTES(away, "s0", "s1") BL_TO_BYTES( \
      away, "s2", "s3") "add %[odd], %[output], %[stride]\n\t"                                               \
                        "strb %[s0], [%[output]]\n\t"                                                        \
                        "strb %[s1], [%[output], %[stride]]\n\t"                                             \
                        "strb %[s2], [%[output], %[stride], lsl #1]\n\t"                                     \
                        "strb %[s3], [%[odd], %[stride], lsl #1]\n\t"                                        \
                        "ldr %[even], [%[lane], #36]\n\t"                                                    \
                        "add %[output], %[output], %[stride], lsl #2\n\t"                                    \
                        "cmp %[pairs], %[even]\n\t"                                                          \
                        "bne 1b\n\t" /* the next row */ \
                        "ldr %[s1], [%[lane], #56]\n\t" \
"cmp %[even], %[s1]\n\t" \
"beq 2f\n\t" \
"ldr %[s0], [%[lane], #52]\n\t" \
"ldr %[s2], [%[lane], #60]\n\t" \
"ldr %[s3], [%[lane], #64]\n\t" \
"add %[s0], %[even]\n\t" \
"add %[pairs], %[s2]\n\t" \
"add %[output], %[s3]\n\t" \
"str %[s0], [%[lane], #36]\n\t" \
"b 1b\n\t" \
"2:" BL_OPERANDS)
#define BL_NEXT_ROW                   \
  "ldr %[taps01], [%[lane], #40]\n\t" \
  "ldr %[taps12], [%[lane], #44]\n\t" \
  "ldr %[even], [%[lane], #36]\n\t"   \
  "add %[pairs], %[taps01]\n\t"       \
  "add %[output], %[taps12]\n\t"      \
  "cmp %[pairs], %[even]\n\t"         \
  "bne 1b"
#define BL_THREE(row, away)                                                                                      \
  __asm__ volatile(".p2align 2\n1:\n\t" BL_WINDOW(row) BL_SCALING_OF_3 BL_TO_BYTES(away, "s0", "s1") BL_TO_BYTE( \
      away, "s2") "strb %[s0], [%[output]]\n\t"                                                                  \
                  "strb %[s1], [%[output], %[stride]]\n\t"                                                       \
                  "strb %[s2], [%[output], %[stride], lsl #1]\n\t" BL_NEXT_ROW BL_OPERANDS)
#define BL_TWO(row, away)                                                      \
  __asm__ volatile(".p2align 2\n1:\n\t" BL_WINDOW(row) BL_SCALING BL_TO_BYTES( \
      away, "s0", "s1") "strb %[s1], [%[output], %[stride]]\n\t"               \
                        "strb %[s0], [%[output]]\n\t" BL_NEXT_ROW BL_OPERANDS)
#define BL_CHOOSE(windows, row)            \
  if (step == 1 && relu) {                 \
    windows(row##_1, BL_NOTHING);          \
  } else if (step == 1) {                  \
    windows(row##_1, BL_LESS_IF_NEGATIVE); \
  } else if (relu) {                       \
    windows(row##_2, BL_NOTHING);          \
  } else {                                 \
    windows(row##_2, BL_LESS_IF_NEGATIVE); \
  }
#define BL_OPERANDS                                                                         \
  : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [taps01] "=&r"(taps01),  \
    [taps12] "=&r"(taps12), [even] "=&r"(even), [odd] "=&r"(odd), [pairs] "+r"(pairs),       \
    [output] "+r"(output)                                                                    \
  : [lane] "r"(l), [row_bytes] "r"(row_bytes), [stride] "r"(stride), [bias] "r"(bias)     \
  : "cc", "memory"

/* Windows of all rows from `pairs` on, their outputs `stride` bytes apart: four by four, three of
 * each row, or two. In assembly for the same reason. */
BL_INLINE void bl_slide_by_4(bl_lane *l, const uint32_t *pairs, int32_t row_bytes, int8_t *output,
                             int32_t stride, int32_t step, int relu) {
  uint32_t s0, s1, s2, s3, taps01, taps12, even, odd;
  const int32_t bias = l->bias;
  BL_CHOOSE(BL_FOURS, BL_ROW_BY);
}

BL_INLINE void bl_slide_3(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                          int8_t *output, int32_t stride, int32_t step, int relu) {
  uint32_t s0, s1, s2, s3, taps01, taps12, even, odd;
  const int32_t bias = l->bias;
  BL_CHOOSE(BL_THREE, BL_ROW_OF_3_BY);
}

/* The first output is written last: it hides the second if stride is 0. */
BL_INLINE void bl_slide_2(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                          int8_t *output, int32_t stride, int32_t step, int relu) {
  uint32_t s0, s1, s2, s3, taps01, taps12, even, odd;
  const int32_t bias = l->bias;
  BL_CHOOSE(BL_TWO, BL_HALF_ROW_BY);
}
#undef BL_ROW_BY_1
#undef BL_ROW_BY_2
#undef BL_LOADS_OF_3
#undef BL_ROW_OF_3_BY_1
#undef BL_ROW_OF_3_BY_2
#undef BL_HALF_ROW_BY_1
#undef BL_HALF_ROW_BY_2
#undef BL_WINDOW
#undef BL_STEP_BACK
#undef BL_SCALING
#undef BL_SCALING_OF_3
#undef BL_TO_BYTES
#undef BL_TO_BYTE
#undef BL_NOTHING
#undef BL_LESS_IF_NEGATIVE
#undef BL_FOURS
#undef BL_NEXT_ROW
#undef BL_THREE
#undef BL_TWO
#undef BL_CHOOSE
#undef BL_OPERANDS

#else

BL_INLINE int8_t bl_slide_1(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                            int32_t first, int relu) {
  int32_t sum = l->bias;
  for (int32_t tap = 0; tap < 9; tap++) {
    const int32_t row = tap / 3, kx = tap % 3, column = first + kx;
    const uint32_t pair = pairs[row * (row_bytes / 4) + column / 2 * 4];
    const uint32_t value = l->taps[2 * row + kx / 2] >> (kx ? 16 : 0);
    sum = bl_smlabb(column % 2 ? pair >> 16 : pair, value, sum);
  }
  return (int8_t)bl_requantise_fast(sum, l->multiplier, l->scale, l->zero_point, relu);
}

/* From a row of windows to the next. */
BL_INLINE int32_t bl_row_words(const bl_lane *l, int32_t row_bytes) {
  return (l->next_row + 2 * row_bytes) / 4;
}

BL_INLINE void bl_slide_by_4(bl_lane *l, const uint32_t *pairs, int32_t row_bytes, int8_t *output,
                             int32_t stride, int32_t step, int relu) {
  for (;; l->stop += bl_row_words(l, row_bytes)) {
    for (; pairs != l->stop; pairs += 8 * step) {
      for (int32_t i = 0; i < 4; i++, output += stride) {
        *output = bl_slide_1(l, pairs, row_bytes, i * step, relu);
      }
    }
    pairs += l->fours_next_row / 4;
    output += l->fours_next_output;
    if (l->stop == l->last_stop) {
      return;
    }
  }
}

BL_INLINE void bl_slide_3(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                          int8_t *output, int32_t stride, int32_t step, int relu) {
  for (; pairs != l->stop; pairs += bl_row_words(l, row_bytes), output += l->next_output) {
    for (int32_t i = 0; i < 3; i++) {
      output[i * stride] = bl_slide_1(l, pairs, row_bytes, i * step, relu);
    }
  }
}

BL_INLINE void bl_slide_2(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                          int8_t *output, int32_t stride, int32_t step, int relu) {
  for (; pairs != l->stop; pairs += bl_row_words(l, row_bytes), output += l->next_output) {
    output[stride] = bl_slide_1(l, pairs, row_bytes, step, relu);
    output[0] = bl_slide_1(l, pairs, row_bytes, 0, relu);
  }
}

#endif

#endif
