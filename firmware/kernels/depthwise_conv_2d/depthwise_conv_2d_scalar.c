/* Pixel by pixel. Where the window lies inside the map no tap is tested; elsewhere a tap outside of
 * the map multiplies input_zero_point, so that the offset can live in the bias. */
#include "depthwise_conv_2d.h"
#include "requantise.h"
#include "scalar.h"

/* Rows of three taps, `step` bytes from column to column, `row_step` from row to row. */
static inline uint32_t three_wide(const int8_t *from, const int8_t *taps, int32_t channels,
                                  int32_t step, int32_t row_step, int32_t rows, uint32_t sum) {
  for (; rows > 0; rows--, from += row_step, taps += 3 * channels) {
    sum += (uint32_t)(from[0] * taps[0]);
    sum += (uint32_t)(from[step] * taps[channels]);
    sum += (uint32_t)(from[2 * step] * taps[2 * channels]);
  }
  return sum;
}

/* Any window, anywhere; `row` and `column` are those of its first tap. */
static uint32_t any(const bl_depthwise_conv_2d_s8 *p, const int8_t *input, const int8_t *taps,
                    int32_t row, int32_t column, uint32_t sum) {
  const bl_window *w = &p->window;
  const int32_t channels = w->input_c;
  for (int32_t ky = 0; ky < w->filter_h; ky++, row += w->dilation_h) {
    const int in_row = (uint32_t)row < (uint32_t)w->input_h;
    const int8_t *from = input + (row * w->input_w + column) * channels;
    int32_t x = column;
    for (int32_t kx = 0; kx < w->filter_w; kx++, taps += channels) {
      const int in_map = in_row && (uint32_t)x < (uint32_t)w->input_w;
      sum += (uint32_t)(*taps * (in_map ? *from : p->input_zero_point));
      x += w->dilation_w;
      from += w->dilation_w * channels;
    }
  }
  return sum;
}

bl_status bl_depthwise_conv_2d_s8_scalar(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                         const int8_t *filter, const int32_t *bias,
                                         const int32_t *multiplier, const int32_t *shift,
                                         int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c != w->input_c) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t channels = w->input_c, row_bytes = w->input_w * channels;
  const int32_t step = w->dilation_w * channels, row_step = w->dilation_h * row_bytes;
  const int32_t reach_h = (w->filter_h - 1) * w->dilation_h + 1;
  const int32_t reach_w = (w->filter_w - 1) * w->dilation_w + 1;
  for (int32_t y = 0; y < w->output_h; y++) {
    const int32_t row = y * w->stride_h - w->pad_top;
    for (int32_t x = 0; x < w->output_w; x++) {
      const int32_t column = x * w->stride_w - w->pad_left;
      const int inside = row >= 0 && column >= 0 && row + reach_h <= w->input_h &&
                         column + reach_w <= w->input_w && w->filter_w == 3;
      const int8_t *from = input + row * row_bytes + column * channels;
      for (int32_t c = 0; c < channels; c++, from++) {
        const uint32_t start = (uint32_t)bias[c];
        const uint32_t sum =
            inside ? three_wide(from, filter + c, channels, step, row_step, w->filter_h, start)
                   : any(p, input + c, filter + c, row, column, start);
        const int32_t scaled = bl_requantise((int32_t)sum, multiplier[c], shift[c]);
        *output++ = (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), p->activation_min,
                                     p->activation_max);
      }
    }
  }
  return BL_OK;
}
