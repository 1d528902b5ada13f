/* One output pixel and four output channels at a time. The patch under the pixel is copied into
 * scratch once and serves all channels; padding is written as input_zero_point, so that the offset
 * can live in the bias. */
#include <string.h>

#include "conv_2d.h"
#include "mve.h"

/* The patch under output pixel (y, x), as the filter lies: H, W, C, where it may stick out. */
static void gather_edge(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x,
                        int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t run = w->dilation_w == 1 ? w->filter_w : 1; /* taps that lie side by side */
  const int32_t run_bytes = run * w->input_c, row_bytes = w->input_w * w->input_c;
  int32_t row = y * w->stride_h - w->pad_top;
  for (int32_t ky = 0; ky < w->filter_h; ky++, row += w->dilation_h) {
    int32_t column = x * w->stride_w - w->pad_left;
    for (int32_t kx = 0; kx < w->filter_w; kx += run, column += w->dilation_w) {
      const int8_t *from = input + row * row_bytes + column * w->input_c;
      if ((uint32_t)row < (uint32_t)w->input_h && column >= 0 && column + run <= w->input_w) {
        to = bl_mve_copy(to, from, run_bytes);
        continue;
      }
      const int32_t begin = column < 0 ? -column : 0;
      const int32_t end = column + run > w->input_w ? w->input_w - column : run;
      memset(to, p->input_zero_point, (size_t)run_bytes);
      if ((uint32_t)row < (uint32_t)w->input_h && begin < end) {
        const int32_t skipped = begin * w->input_c;
        bl_mve_copy(to + skipped, from + skipped, (end - begin) * w->input_c);
      }
      to += run_bytes;
    }
  }
}

static void gather(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x, int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t bytes = w->filter_w * w->input_c, row_bytes = w->input_w * w->input_c;
  const int32_t row = y * w->stride_h - w->pad_top, column = x * w->stride_w - w->pad_left;
  const int is_inside = row >= 0 && row + (w->filter_h - 1) * w->dilation_h < w->input_h &&
                        column >= 0 && column + w->filter_w <= w->input_w;
  if (is_inside && w->dilation_w == 1 && bytes <= 16) {
    bl_mve_copy_rows(to, input + row * row_bytes + column * w->input_c, w->filter_h,
                     w->dilation_h * row_bytes, bytes);
  } else {
    gather_edge(p, input, y, x, to);
  }
}

/* All channels of all output pixels; `relu` is a constant wherever this is called. */
static inline __attribute__((always_inline)) void pixels(const bl_conv_2d_s8 *p,
                                                         const int8_t *input, const int32_t *filter,
                                                         int8_t *patch, int32_t bytes,
                                                         int8_t *output, int relu) {
  const bl_window *w = &p->window;
  const int32_t pointwise = bl_window_is_pointwise(w), channels = w->output_c;
  const mve_pred16_t rest = vctp32q((uint32_t)channels % 4);
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  for (int32_t y = 0; y < w->output_h; y++) {
    for (int32_t x = 0; x < w->output_w; x++, output += channels % 4) {
      if (pointwise) {
        bl_mve_copy(patch, input, bytes);
        input += bytes;
      } else {
        gather(p, input, y, x, patch);
      }
      const int32_t *four = filter;
      for (int8_t *end = output + (channels & ~3); output != end; output += 4) {
        const int32x4_t sums =
            bl_mve_dots(patch, (const int8_t *)(four + BL_MVE_HEAD), bytes, four);
        vstrbq_s32(output, bl_mve_requantise(sums, vld1q_s32(four + 4), vld1q_s32(four + 8),
                                             p->output_zero_point, min, max, relu));
        four += BL_MVE_HEAD + bytes;
      }
      if (channels % 4) {
        const int32x4_t sums =
            bl_mve_dots(patch, (const int8_t *)(four + BL_MVE_HEAD), bytes, four);
        vstrbq_p_s32(output,
                     bl_mve_requantise(sums, vld1q_s32(four + 4), vld1q_s32(four + 8),
                                       p->output_zero_point, min, max, relu),
                     rest);
      }
    }
  }
}

bl_status bl_conv_2d_s8_mve(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                            void *scratch, int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t bytes = w->filter_h * w->filter_w * w->input_c;
  if (scratch_bytes < bytes) {
    return BL_SCRATCH_TOO_SMALL;
  }
  if (p->activation_min >= p->output_zero_point) {
    pixels(p, input, filter, scratch, bytes, output, 1);
  } else {
    pixels(p, input, filter, scratch, bytes, output, 0);
  }
  return BL_OK;
}
