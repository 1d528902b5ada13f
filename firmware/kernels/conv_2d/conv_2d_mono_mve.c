/* A 3x3 window on a map of a single channel: the window is one vector, and one instruction
 * multiplies it by all taps of an output channel. */
#include <string.h>

#include "mono.h"
#include "mve.h"

enum { FOUR_WORDS = BL_MVE_HEAD + 16 }; /* of filter: head and taps of four channels */

/* Three rows of four bytes, and once more the last of them. */
static inline int8x16_t window_of(const int8_t *from, int32_t row_step) {
  uint32_t a, b, c;
  memcpy(&a, from, 4);
  memcpy(&b, from + row_step, 4);
  memcpy(&c, from + 2 * row_step, 4);
  int8x16_t window;
  __asm(
      "vmov %q[window][2], %q[window][0], %[a], %[c]\n\t"
      "vmov %q[window][3], %q[window][1], %[b], %[c]"
      : [window] "=&w"(window)
      : [a] "r"(a), [b] "r"(b), [c] "r"(c));
  return window;
}

/* Sums of four channels, from their biases on. */
static inline int32x4_t four_dots(int8x16_t window, const int32_t *four) {
  int32_t a = four[0], b = four[1], c = four[2], d = four[3];
  int32x4_t sums;
  __asm volatile(
      "vldrw.32 q0, [%[taps]]\n\t"
      "vmladava.s8 %[a], %q[window], q0\n\t"
      "vldrw.32 q0, [%[taps], #16]\n\t"
      "vmladava.s8 %[b], %q[window], q0\n\t"
      "vldrw.32 q0, [%[taps], #32]\n\t"
      "vmladava.s8 %[c], %q[window], q0\n\t"
      "vldrw.32 q0, [%[taps], #48]\n\t"
      "vmladava.s8 %[d], %q[window], q0\n\t"
      "vmov q0[2], q0[0], %[a], %[c]\n\t"
      "vmov q0[3], q0[1], %[b], %[d]\n\t"
      "vmov %q[sums], q0"
      : [sums] "=w"(sums), [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d)
      : [window] "w"(window), [taps] "r"(four + BL_MVE_HEAD)
      : "q0", "memory");
  return sums;
}

/* A bl_mono_pixels; `relu` is a constant. */
static inline __attribute__((always_inline)) void pixels_of(const bl_conv_2d_s8 *p,
                                                            const int8_t *from, int32_t row_step,
                                                            int32_t step, int32_t count,
                                                            const int32_t *filter, int8_t *output,
                                                            int relu) {
  const int32_t channels = p->window.output_c, zero_point = p->output_zero_point;
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  for (; count > 0; count--, from += step) {
    const int8x16_t window = window_of(from, row_step);
    const int32_t *four = filter;
    for (int32_t left = channels; left > 0; left -= 4, four += FOUR_WORDS) {
      const int32x4_t sums = bl_mve_requantise(four_dots(window, four), vld1q_s32(four + 4),
                                               vld1q_s32(four + 8), zero_point, min, max, relu);
      vstrbq_p_s32(output, sums, vctp32q((uint32_t)left));
      output += left < 4 ? left : 4;
    }
  }
}

static void any_mono_pixels(const bl_conv_2d_s8 *p, const int8_t *from, int32_t row_step,
                            int32_t step, int32_t count, const int32_t *filter, int8_t *output) {
  pixels_of(p, from, row_step, step, count, filter, output, 0);
}

static void relu_mono_pixels(const bl_conv_2d_s8 *p, const int8_t *from, int32_t row_step,
                             int32_t step, int32_t count, const int32_t *filter, int8_t *output) {
  pixels_of(p, from, row_step, step, count, filter, output, 1);
}

bl_status bl_conv_2d_s8_mono_mve(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                                 int8_t *output) {
  const int relu = p->activation_min >= p->output_zero_point;
  return bl_mono_map(p, input, filter, output, relu ? relu_mono_pixels : any_mono_pixels);
}
