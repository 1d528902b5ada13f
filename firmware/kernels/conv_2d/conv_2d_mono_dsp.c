/* A 3x3 window on a map of a single channel, one output pixel at a time: the nine inputs stay in
 * five registers while all output channels are computed. */
#include "dsp.h"
#include "mono.h"

/* The inputs under a window, as pairs; the halves of `e` other than the bottom do not count. */
typedef struct {
  uint32_t a, b, c; /* columns 0 and 2 of each row */
  uint32_t d, e;    /* column 1 of rows 0 and 1; of row 2 */
} window_pairs;

/* Per output channel, filter is bias, taps for a to e, multiplier, scale. The top half of the taps
 * for e is negative if another channel follows. */
enum { WORDS = 8, LAST_TAPS = 5 };

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define ALL_CHANNELS(away)                                                    \
  __asm__ volatile(                                                           \
      ".p2align 2\n"                                                          \
      "1:\n\t"                                                                \
      "ldmia %[filter]!, {r0, r1, r2, r3}\n\t"                                \
      "smlad r0, %[a], r1, r0\n\t"                                            \
      "smlad r0, %[b], r2, r0\n\t"                                            \
      "smlad r0, %[c], r3, r0\n\t"                                            \
      "ldmia %[filter]!, {r1, r2, r3}\n\t"                                    \
      "smlad r0, %[d], r1, r0\n\t"                                            \
      "smlabb r0, %[e], r2, r0\n\t"                                           \
      "ldr r1, [%[filter]], #4\n\t"                                           \
      "smmlar r0, r0, r3, r0\n\t" away                                        \
      "smmlsr r0, r0, r1, %[zero_point]\n\t"                                  \
      "ssat r0, #8, r0\n\t"                                                   \
      "strb r0, [%[output]], #1\n\t"                                          \
      "cmp r2, #0\n\t"                                                        \
      "bmi 1b"                                                                \
      : [filter] "+r"(filter), [output] "+r"(output)                          \
      : [a] "r"(w.a), [b] "r"(w.b), [c] "r"(w.c), [d] "r"(w.d), [e] "r"(w.e), \
        [zero_point] "r"(zero_point)                                          \
      : "r0", "r1", "r2", "r3", "cc", "memory")

/* One pixel; returns where the next one goes. `relu`: as in bl_requantise_fast. In assembly,
 * because a compiler keeps too little of it in registers. */
BL_INLINE int8_t *all_channels(window_pairs w, const int32_t *filter, int32_t zero_point,
                               int8_t *output, int relu) {
  if (relu) {
    ALL_CHANNELS("");
  } else {
    ALL_CHANNELS("add r0, r0, r0, asr #31\n\t");
  }
  return output;
}
#else
BL_INLINE int8_t *all_channels(window_pairs w, const int32_t *filter, int32_t zero_point,
                               int8_t *output, int relu) {
  const int32_t *f = filter - WORDS;
  do {
    f += WORDS;
    int32_t sum = bl_smlad(w.a, (uint32_t)f[1], f[0]);
    sum = bl_smlad(w.b, (uint32_t)f[2], sum);
    sum = bl_smlad(w.c, (uint32_t)f[3], sum);
    sum = bl_smlad(w.d, (uint32_t)f[4], sum);
    sum = bl_smlabb(w.e, (uint32_t)f[LAST_TAPS], sum);
    *output++ = (int8_t)bl_requantise_fast(sum, f[6], f[7], zero_point, relu);
  } while (f[LAST_TAPS] < 0);
  return output;
}
#endif

/* A bl_mono_pixels; `relu`: as in bl_requantise_fast. */
BL_INLINE void pixels_of(const bl_conv_2d_s8 *p, const int8_t *from, int32_t row_step, int32_t step,
                         int32_t count, const int32_t *filter, int8_t *output, int relu) {
  const int32_t zero_point = p->output_zero_point, bytes = count * p->window.output_c;
  int8_t *const begin = output;
  for (; count > 0; count--, from += step) {
    const uint32_t row0 = bl_load32(from), row1 = bl_load32(from + row_step);
    const uint32_t row2 = bl_load32(from + 2 * row_step);
    const window_pairs w = {bl_sxtb16(row0), bl_sxtb16(row1), bl_sxtb16(row2),
                            bl_bottoms(bl_sxtb16_odd(row0), bl_sxtb16_odd(row1)),
                            bl_sxtb16_odd(row2)};
    output = all_channels(w, filter, zero_point, output, relu);
  }
  if (p->activation_min > INT8_MIN || p->activation_max < INT8_MAX) {
    bl_clamp_bytes(begin, bytes, p->activation_min, p->activation_max);
  }
}

static BL_NOINLINE void any_mono_pixels(const bl_conv_2d_s8 *p, const int8_t *from,
                                        int32_t row_step, int32_t step, int32_t count,
                                        const int32_t *filter, int8_t *output) {
  pixels_of(p, from, row_step, step, count, filter, output, 0);
}

static BL_NOINLINE void relu_mono_pixels(const bl_conv_2d_s8 *p, const int8_t *from,
                                         int32_t row_step, int32_t step, int32_t count,
                                         const int32_t *filter, int8_t *output) {
  pixels_of(p, from, row_step, step, count, filter, output, 1);
}

bl_status bl_conv_2d_s8_mono_dsp(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                                 int8_t *output) {
  const int relu = p->activation_min >= p->output_zero_point;
  return bl_mono_map(p, input, filter, output, relu ? relu_mono_pixels : any_mono_pixels);
}
