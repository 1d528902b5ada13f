/* One output pixel and two output channels at a time. The patch under the pixel is copied into
 * scratch once, padding as input_zero_point; a 1x1 convolution reads its pixel where it is. */
#include <string.h>

#include "conv_2d.h"
#include "requantise.h"
#include "scalar.h"

/* The patch under output pixel (y, x), as the filter lies: H, W, C. */
static void gather(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x, int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t run = w->dilation_w == 1 ? w->filter_w : 1; /* taps that lie side by side */
  const int32_t channels = w->input_c;
  for (int32_t ky = 0; ky < w->filter_h; ky++) {
    const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
    for (int32_t kx = 0; kx < w->filter_w; kx += run, to += run * channels) {
      const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
      const int32_t begin = column < 0 ? -column : 0;
      const int32_t end = column + run > w->input_w ? w->input_w - column : run;
      const int in_map = row >= 0 && row < w->input_h && begin < end;
      if (!in_map || end - begin < run) {
        memset(to, p->input_zero_point, (size_t)(run * channels));
      }
      if (in_map) {
        memcpy(to + begin * channels, input + (row * w->input_w + column + begin) * channels,
               (size_t)((end - begin) * channels));
      }
    }
  }
}

static inline int8_t to_byte(const bl_conv_2d_s8 *p, uint32_t sum, int32_t multiplier,
                             int32_t shift) {
  const int32_t scaled = bl_requantise((int32_t)sum, multiplier, shift);
  return (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), p->activation_min,
                          p->activation_max);
}

bl_status bl_conv_2d_s8_scalar(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                               const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
                               void *scratch, int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t bytes = w->filter_h * w->filter_w * w->input_c, channels = w->output_c;
  if (scratch_bytes < bytes) {
    return BL_SCRATCH_TOO_SMALL;
  }
  const int32_t pointwise = bl_window_is_pointwise(w);
  for (int32_t y = 0; y < w->output_h; y++) {
    for (int32_t x = 0; x < w->output_w; x++) {
      const int8_t *patch = scratch;
      if (pointwise) {
        patch = input;
        input += bytes;
      } else {
        gather(p, input, y, x, scratch);
      }
      const int8_t *row = filter;
      int32_t o = 0;
      for (; o + 2 <= channels; o += 2, row += 2 * bytes, output += 2) {
        uint32_t a = (uint32_t)bias[o], b = (uint32_t)bias[o + 1];
        bl_two_dots(patch, row, row + bytes, bytes, &a, &b);
        output[0] = to_byte(p, a, multiplier[o], shift[o]);
        output[1] = to_byte(p, b, multiplier[o + 1], shift[o + 1]);
      }
      if (o < channels) {
        uint32_t a = (uint32_t)bias[o], same = a;
        bl_two_dots(patch, row, row, bytes, &a, &same);
        *output++ = to_byte(p, a, multiplier[o], shift[o]);
      }
    }
  }
  return BL_OK;
}
