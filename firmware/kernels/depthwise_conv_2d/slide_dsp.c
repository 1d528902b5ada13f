/* Four windows of a row at a time, or two, in assembly: a compiler runs out of registers. */
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
#define BL_HALF_ROW_BY_1(row, f0, f1, f2, f3, last) \
  "ldrd %[taps01], %[taps12], [%[lane], #8 * " row  \
  "]\n\t"                                           \
  "ldr %[even], [%[pairs]]\n\t"                     \
  "ldr %[odd], [%[pairs], #16]" last                \
  "\n\t"                                            \
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
  "smlad %[s0], %[even], %[taps01], %[" f0          \
  "]\n\t"                                           \
  "ldr %[even], [%[pairs], #32]" last               \
  "\n\t"                                            \
  "smlabt %[s0], %[odd], %[taps12], %[s0]\n\t"      \
  "smlad %[s1], %[odd], %[taps01], %[" f1           \
  "]\n\t"                                           \
  "smlabt %[s1], %[even], %[taps12], %[s1]\n\t"
#define BL_WINDOW(row) \
  row("0", "bias", "bias", "bias", "bias", "")                 \
  "add %[pairs], %[row_bytes]\n\t"                             \
  row("1", "s0", "s1", "s2", "s3", "")                         \
  "add %[pairs], %[row_bytes]\n\t"                             \
  row("2", "s0", "s1", "s2", "s3", "!")                        \
  "sub %[pairs], %[pairs], %[row_bytes], lsl #1\n\t"
/* Two sums to bytes: bl_requantise_fast. */
#define BL_SCALING                                \
  "ldrd %[taps01], %[taps12], [%[lane], #24]\n\t" \
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
#define BL_NOTHING(s) ""
#define BL_LESS_IF_NEGATIVE(s) "add %[" s "], %[" s "], %[" s "], asr #31\n\t"
#define BL_FOURS(row, away)                                                                                  \
  __asm__ volatile(".p2align 2\n1:\n\t" BL_WINDOW(row) BL_SCALING BL_TO_BYTES(away, "s0", "s1") BL_TO_BYTES( \
      away, "s2", "s3") "add %[odd], %[output], %[stride]\n\t"                                               \
                        "strb %[s0], [%[output]]\n\t"                                                        \
                        "strb %[s1], [%[output], %[stride]]\n\t"                                             \
                        "strb %[s2], [%[output], %[stride], lsl #1]\n\t"                                     \
                        "strb %[s3], [%[odd], %[stride], lsl #1]\n\t"                                        \
                        "ldr %[even], [%[lane], #36]\n\t"                                                    \
                        "add %[output], %[output], %[stride], lsl #2\n\t"                                    \
                        "cmp %[pairs], %[even]\n\t"                                                          \
                        "bne 1b" BL_OPERANDS)
#define BL_TWO(row, away)                                        \
  __asm__ volatile(BL_WINDOW(row) BL_SCALING BL_TO_BYTES(        \
      away, "s0", "s1") "strb %[s1], [%[output], %[stride]]\n\t" \
                        "strb %[s0], [%[output]]" BL_OPERANDS)
#define BL_OPERANDS                                                                         \
  : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [taps01] "=&r"(taps01),  \
    [taps12] "=&r"(taps12), [even] "=&r"(even), [odd] "=&r"(odd), [pairs] "+r"(pairs),       \
    [output] "+r"(output)                                                                    \
  : [lane] "r"(l), [row_bytes] "r"(row_bytes), [stride] "r"(stride), [bias] "r"(l->bias)     \
  : "cc", "memory"

/* The windows of a row, four by four from `pairs` to l->stop (at least four), their outputs
 * `stride` bytes apart. Returns where the next output goes. In assembly for the same reason. */
BL_INLINE int8_t *bl_slide_by_4(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                                int8_t *output, int32_t stride, int32_t step, int relu) {
  uint32_t s0, s1, s2, s3, taps01, taps12, even, odd;
  if (step == 1 && relu) {
    BL_FOURS(BL_ROW_BY_1, BL_NOTHING);
  } else if (step == 1) {
    BL_FOURS(BL_ROW_BY_1, BL_LESS_IF_NEGATIVE);
  } else if (relu) {
    BL_FOURS(BL_ROW_BY_2, BL_NOTHING);
  } else {
    BL_FOURS(BL_ROW_BY_2, BL_LESS_IF_NEGATIVE);
  }
  return output;
}

/* Two windows; the first output is written last, so that it hides the second if stride is 0. */
BL_INLINE void bl_slide_2(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                          int8_t *output, int32_t stride, int32_t step, int relu) {
  uint32_t s0, s1, s2, s3, taps01, taps12, even, odd;
  if (step == 1 && relu) {
    BL_TWO(BL_HALF_ROW_BY_1, BL_NOTHING);
  } else if (step == 1) {
    BL_TWO(BL_HALF_ROW_BY_1, BL_LESS_IF_NEGATIVE);
  } else if (relu) {
    BL_TWO(BL_HALF_ROW_BY_2, BL_NOTHING);
  } else {
    BL_TWO(BL_HALF_ROW_BY_2, BL_LESS_IF_NEGATIVE);
  }
}
#undef BL_ROW_BY_1
#undef BL_ROW_BY_2
#undef BL_HALF_ROW_BY_1
#undef BL_HALF_ROW_BY_2
#undef BL_WINDOW
#undef BL_SCALING
#undef BL_TO_BYTES
#undef BL_NOTHING
#undef BL_LESS_IF_NEGATIVE
#undef BL_FOURS
#undef BL_TWO
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

BL_INLINE int8_t *bl_slide_by_4(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                                int8_t *output, int32_t stride, int32_t step, int relu) {
  for (; pairs != l->stop; pairs += 8 * step) {
    for (int32_t i = 0; i < 4; i++, output += stride) {
      *output = bl_slide_1(l, pairs, row_bytes, i * step, relu);
    }
  }
  return output;
}

BL_INLINE void bl_slide_2(const bl_lane *l, const uint32_t *pairs, int32_t row_bytes,
                          int8_t *output, int32_t stride, int32_t step, int relu) {
  output[stride] = bl_slide_1(l, pairs, row_bytes, step, relu);
  output[0] = bl_slide_1(l, pairs, row_bytes, 0, relu);
}

#endif

/* The output band of one channel. `step` (1 or 2) and `relu` are constants wherever this is called.
 */
BL_INLINE void band_of(bl_band *b, const uint32_t *row, int8_t *output, int32_t step, int relu) {
  const int32_t fours = b->width / 4 * 2 * step * BL_GROUP; /* words */
  for (int32_t rows = b->rows; rows > 0; rows--, row += b->row_words) {
    const uint32_t *pairs = row + fours;
    if (fours) {
      b->lane.stop = pairs;
      output = bl_slide_by_4(&b->lane, row, b->row_bytes, output, b->stride, step, relu);
    }
    for (int32_t left = b->width & 3; left > 0; left -= 2, pairs += step * BL_GROUP) {
      bl_slide_2(&b->lane, pairs, b->row_bytes, output, left > 1 ? b->stride : 0, step, relu);
      output += left > 1 ? 2 * b->stride : b->stride;
    }
  }
}

static BL_NOINLINE void band_by_1(bl_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 1, 0);
}

static BL_NOINLINE void band_by_2(bl_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 2, 0);
}

static BL_NOINLINE void relu_band_by_1(bl_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 1, 1);
}

static BL_NOINLINE void relu_band_by_2(bl_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 2, 1);
}

bl_band_function *bl_band_function_of(int32_t stride_w, int relu) {
  return stride_w == 1 ? (relu ? relu_band_by_1 : band_by_1) : (relu ? relu_band_by_2 : band_by_2);
}
