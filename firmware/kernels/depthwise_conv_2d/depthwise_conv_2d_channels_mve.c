/* Sixteen channels of a pixel at a time, where they lie. Products of 8 bits are added in pairs in
 * 16 bits, and the pairs in 32. A table says how far each tap's input is from the pixel's first;
 * taps outside of the map read padding, so that the offset can live in the bias. */
#include "depthwise_conv_2d.h"
#include "mve.h"

enum { AT_ONCE = 16 };

/* What pixels in a row have in common. The assembly below knows where each of them lies. */
typedef struct {
  const int8_t *from;    /* of the first one; `step` bytes on is that of the next */
  const int32_t *places; /* of the taps, in bytes from `from` */
  int32_t pairs, odd;    /* of taps */
  const int32_t *filter;
  int8_t *output;
  int32_t more, zero_point; /* channels behind the first 16 */
  int8_t min[AT_ONCE], max[AT_ONCE];
  int32_t step, count; /* of pixels */
} pixels;

#define SCALE(sums, shift, away_from_zero)                                             \
  "vldrw.32 q1, [r8, #" shift "]\n\t" away_from_zero(sums) "vrshl.s32 " sums ", " sums \
                                                           ", q1\n\t"                  \
                                                           "vadd.i32 " sums ", " sums ", r1\n\t"

#define AWAY_FROM_ZERO(sums) \
  "vand q2, " sums           \
  ", q1\n\t"                 \
  "vshr.s32 q2, q2, #31\n\t" \
  "vqadd.s32 " sums ", " sums ", q2\n\t"
#define AS_IT_IS(sums) ""

#define PIXELS(away_from_zero) \
  __asm volatile(                                        \
      "push {r4-r11, lr}\n\t"                            \
      "vpush {d8-d15}\n\t"                               \
      "mov r9, r0\n\t"                                   \
      "ldr r6, [r9]\n\t"                                 \
      "ldr r11, [r9, #20]\n\t"                           \
      "ldr r2, [r9, #68]\n"                              \
      "0:\n\t" /* a pixel */                            \
      "mov r10, r6\n\t"                                  \
      "ldr r5, [r9, #16]\n\t"                            \
      "ldr r4, [r9, #24]\n"                             \
      "1:\n\t" /* sixteen channels */                    \
      "mov r8, r5\n\t"                                   \
      "ldrd r7, lr, [r9, #4]\n\t"                        \
      "ldr r1, [r9, #12]\n\t"                            \
      "vldrw.32 q4, [r8]\n\t"                            \
      "add r5, #192\n\t"                                 \
      "cbz r1, 2f\n\t"                                   \
      "ldr r1, [r7], #4\n\t"                             \
      "vldrb.8 q1, [r5], #16\n\t"                        \
      "add r1, r10\n\t"                                  \
      "vldrb.8 q0, [r1]\n\t"                             \
      "vmullb.s8 q2, q0, q1\n\t"                         \
      "vldrw.32 q5, [r8, #16]\n\t"                       \
      "vmullt.s8 q0, q0, q1\n\t"                         \
      "b 3f\n"                                           \
      "2:\n\t"                                           \
      "ldrd r1, r3, [r7], #8\n\t"                        \
      "add r1, r10\n\t"                                  \
      "vldrb.8 q1, [r5], #16\n\t"                        \
      "vldrb.8 q0, [r1]\n\t"                             \
      "add r3, r10\n\t"                                  \
      "vmullb.s8 q2, q0, q1\n\t"                         \
      "vldrw.32 q5, [r8, #16]\n\t"                       \
      "vmullt.s8 q3, q0, q1\n\t"                         \
      "vldrb.8 q1, [r5]\n\t"                             \
      "vldrb.8 q0, [r3]\n\t"                             \
      "vmullb.s8 q1, q0, q1\n\t"                         \
      "vadd.i16 q2, q2, q1\n\t"                          \
      "vldrb.8 q1, [r5], #16\n\t"                        \
      "vmullt.s8 q0, q0, q1\n\t"                         \
      "vadd.i16 q0, q3, q0\n\t"                          \
      "sub lr, #1\n"                                     \
      "3:\n\t"                                           \
      "vldrw.32 q6, [r8, #32]\n\t"                       \
      "vldrw.32 q7, [r8, #48]\n\t"                       \
      "wls lr, lr, 5f\n"                                 \
      "4:\n\t" /* the sums of two taps, and the next two */\
      "ldrd r1, r3, [r7], #8\n\t"                        \
      "vmovlb.s16 q1, q2\n\t"                            \
      "add r1, r10\n\t"                                  \
      "vadd.i32 q4, q4, q1\n\t"                          \
      "vldrb.8 q3, [r1]\n\t"                             \
      "vmovlt.s16 q2, q2\n\t"                            \
      "vldrb.8 q1, [r5], #16\n\t"                        \
      "vadd.i32 q5, q5, q2\n\t"                          \
      "vmullb.s8 q2, q3, q1\n\t"                         \
      "add r3, r10\n\t"                                  \
      "vmullt.s8 q3, q3, q1\n\t"                         \
      "vmovlb.s16 q1, q0\n\t"                            \
      "vadd.i32 q6, q6, q1\n\t"                          \
      "vldrb.8 q1, [r5]\n\t"                             \
      "vmovlt.s16 q0, q0\n\t"                            \
      "vadd.i32 q7, q7, q0\n\t"                          \
      "vldrb.8 q0, [r3]\n\t"                             \
      "vmullb.s8 q1, q0, q1\n\t"                         \
      "vadd.i16 q2, q2, q1\n\t"                          \
      "vldrb.8 q1, [r5], #16\n\t"                        \
      "vmullt.s8 q0, q0, q1\n\t"                         \
      "vadd.i16 q0, q3, q0\n\t"                          \
      "le lr, 4b\n"                                      \
      "5:\n\t"                                           \
      "vmovlb.s16 q1, q2\n\t"                            \
      "vldrw.32 q3, [r8, #64]\n\t"                       \
      "vadd.i32 q4, q4, q1\n\t"                          \
      "vmovlt.s16 q2, q2\n\t"                            \
      "vqrdmulh.s32 q4, q4, q3\n\t"                      \
      "vadd.i32 q5, q5, q2\n\t"                          \
      "vldrw.32 q3, [r8, #80]\n\t"                       \
      "vmovlb.s16 q1, q0\n\t"                            \
      "vqrdmulh.s32 q5, q5, q3\n\t"                      \
      "vadd.i32 q6, q6, q1\n\t"                          \
      "vldrw.32 q3, [r8, #96]\n\t"                       \
      "vmovlt.s16 q0, q0\n\t"                            \
      "vqrdmulh.s32 q6, q6, q3\n\t"                      \
      "vadd.i32 q7, q7, q0\n\t"                          \
      "vldrw.32 q3, [r8, #112]\n\t"                      \
      "vqrdmulh.s32 q7, q7, q3\n\t"                      \
      "ldr r1, [r9, #28]\n\t"                            \
      SCALE("q4", "128", away_from_zero)           \
      SCALE("q5", "144", away_from_zero)           \
      SCALE("q6", "160", away_from_zero)           \
      SCALE("q7", "176", away_from_zero)          \
      "vqmovnb.s32 q0, q4\n\t"                           \
      "vldrw.32 q2, [r9, #32]\n\t"                       \
      "vqmovnt.s32 q0, q5\n\t"                           \
      "vqmovnb.s32 q1, q6\n\t"                           \
      "vldrw.32 q3, [r9, #48]\n\t"                       \
      "vqmovnt.s32 q1, q7\n\t"                           \
      "vqmovnb.s16 q0, q0\n\t"                           \
      "vqmovnt.s16 q0, q1\n\t"                           \
      "vmax.s8 q0, q0, q2\n\t"                           \
      "vmin.s8 q0, q0, q3\n\t"                           \
      "vstrb.8 q0, [r11]\n\t"                            \
      "cbz r4, 6f\n\t"                                  \
      "movs r1, #16\n\t" /* the last ones may overlap */ \
      "cmp r4, r1\n\t"                                  \
      "it lt\n\t"                                        \
      "movlt r1, r4\n\t"                                \
      "subs r4, r4, r1\n\t"                                  \
      "add r10, r1\n\t"                                  \
      "add r11, r1\n\t"                                  \
      "b 1b\n"                                           \
      "6:\n\t"                                           \
      "ldr r1, [r9, #64]\n\t"                            \
      "add r11, #16\n\t"                                 \
      "add r6, r1\n\t"                                   \
      "subs r2, #1\n\t"                                  \
      "bne 0b\n\t"                                       \
      "vpop {d8-d15}\n\t"                                \
      "pop {r4-r11, pc}")

static __attribute__((naked, noinline)) void any_pixels(const pixels *of) {
  (void)of;
  PIXELS(AWAY_FROM_ZERO);
}

static __attribute__((naked, noinline)) void relu_pixels(const pixels *of) {
  (void)of;
  PIXELS(AS_IT_IS);
}

/* The places of all taps of the window at (row, column), from the map's first byte on; those
 * outside of the map are at `padding`. */
static void find(const bl_window *w, int32_t row, int32_t column, int32_t padding, int32_t *to) {
  const uint32x4_t nowhere = vdupq_n_u32((uint32_t)padding);
  for (int32_t kx = 0; kx < w->filter_w; kx += 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(w->filter_w - kx));
    const uint32x4_t taps = vmulq_n_u32(vidupq_n_u32((uint32_t)kx, 1), (uint32_t)w->dilation_w);
    const uint32x4_t x = vaddq_n_u32(taps, (uint32_t)column);
    const uint32x4_t across = vmulq_n_u32(x, (uint32_t)w->input_c);
    const mve_pred16_t outside = vcmpcsq_n_u32(x, (uint32_t)w->input_w);
    int32_t *here = to + kx, y = row;
    for (int32_t ky = w->filter_h; ky > 0; ky--, here += w->filter_w, y += w->dilation_h) {
      const uint32_t begin = (uint32_t)(y * w->input_w * w->input_c);
      const uint32x4_t inside = vpselq_u32(nowhere, vaddq_n_u32(across, begin), outside);
      const int is_row = (uint32_t)y < (uint32_t)w->input_h;
      vstrwq_p_u32((uint32_t *)here, is_row ? inside : nowhere, lanes);
    }
  }
}

bl_status bl_depthwise_conv_2d_s8_channels_mve(const bl_depthwise_conv_2d_s8 *p,
                                               const int8_t *input, const int32_t *filter,
                                               void *scratch, int32_t scratch_bytes,
                                               int8_t *output) {
  const bl_window *w = &p->window;
  const int32_t channels = w->input_c, taps = w->filter_h * w->filter_w;
  if (!bl_window_is_valid(w) || w->output_c != channels || channels < AT_ONCE) {
    return BL_BAD_ARGUMENT;
  }
  if (scratch_bytes < 8 * taps + channels) {
    return BL_SCRATCH_TOO_SMALL;
  }
  int32_t *const inner = scratch, *const edge = inner + taps;
  int8_t *const padding = (int8_t *)(edge + taps);
  bl_mve_fill(padding, (int8_t)p->input_zero_point, channels);
  for (int32_t k = 0; k < taps; k++) {
    const int32_t row = k / w->filter_w * w->dilation_h, column = k % w->filter_w * w->dilation_w;
    inner[k] = (row * w->input_w + column) * channels;
  }
  pixels of = {.pairs = taps / 2,
               .odd = taps % 2,
               .filter = filter,
               .more = channels - AT_ONCE,
               .zero_point = p->output_zero_point,
               .step = w->stride_w * channels};
  vst1q_s8(of.min, vdupq_n_s8((int8_t)p->activation_min));
  vst1q_s8(of.max, vdupq_n_s8((int8_t)p->activation_max));
  void (*const compute)(const pixels *) =
      p->activation_min >= p->output_zero_point ? relu_pixels : any_pixels;
  const int32_t low = w->input_h - (w->filter_h - 1) * w->dilation_h;
  const int32_t right = w->input_w - (w->filter_w - 1) * w->dilation_w;
  for (int32_t y = 0; y < w->output_h; y++) {
    const int32_t row = y * w->stride_h - w->pad_top;
    const int inside = row >= 0 && row < low;
    for (int32_t x = 0; x < w->output_w; x += of.count, output += of.count * channels) {
      const int32_t column = x * w->stride_w - w->pad_left;
      if (inside && column >= 0 && column < right) {
        const int32_t left = w->output_w - x, until = (right - 1 - column) / w->stride_w + 1;
        of.count = left < until ? left : until;
        of.from = input + (row * w->input_w + column) * channels;
        of.places = inner;
      } else {
        find(w, row, column, (int32_t)((intptr_t)padding - (intptr_t)input), edge);
        of.count = 1;
        of.from = input;
        of.places = edge;
      }
      of.output = output;
      compute(&of);
    }
  }
  return BL_OK;
}
