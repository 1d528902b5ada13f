/* 3x3 windows on a map of a single channel: which pixels can be read where they lie. A row of the
 * window is read as four bytes; the fourth does not count, but has to be in the map, be it in the
 * next row. */
#ifndef BL_MONO_H
#define BL_MONO_H

#include "conv_2d.h"

/* All channels of `count` pixels whose windows lie `step` bytes apart, and their rows `row_step`.
 */
typedef void bl_mono_pixels(const bl_conv_2d_s8 *p, const int8_t *from, int32_t row_step,
                            int32_t step, int32_t count, const int32_t *filter, int8_t *output);

/* The window at (row, column) as three rows of four bytes. */
static inline void bl_mono_edge(const bl_conv_2d_s8 *p, const int8_t *input, int32_t row,
                                int32_t column, int8_t *to) {
  const bl_window *w = &p->window;
  for (int32_t ky = 0; ky < 3; ky++, row += w->dilation_h, to += 4) {
    for (int32_t x = column; x < column + 3; x++) {
      const int inside = row >= 0 && row < w->input_h && x >= 0 && x < w->input_w;
      to[x - column] = inside ? input[row * w->input_w + x] : (int8_t)p->input_zero_point;
    }
  }
}

static inline bl_status bl_mono_map(const bl_conv_2d_s8 *p, const int8_t *input,
                                    const int32_t *filter, int8_t *output, bl_mono_pixels *pixels) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->input_c != 1 || w->filter_h != 3 || w->filter_w != 3 ||
      w->dilation_w != 1) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t row_step = w->dilation_h * w->input_w;
  int8_t edge[12] = {0};
  for (int32_t y = 0; y < w->output_h; y++) {
    const int32_t row = y * w->stride_h - w->pad_top, last_row = row + 2 * w->dilation_h;
    const int rows_inside = row >= 0 && last_row < w->input_h;
    const int32_t last_column = w->input_w - (last_row + 1 < w->input_h ? 3 : 4);
    for (int32_t x = 0, count; x < w->output_w; x += count) {
      const int32_t column = x * w->stride_w - w->pad_left;
      if (rows_inside && column >= 0 && column <= last_column) {
        count = (last_column - column) / w->stride_w + 1;
        count = count < w->output_w - x ? count : w->output_w - x;
        pixels(p, input + row * w->input_w + column, row_step, w->stride_w, count, filter, output);
      } else {
        count = 1;
        bl_mono_edge(p, input, row, column, edge);
        pixels(p, edge, 4, 0, count, filter, output);
      }
      output += count * w->output_c;
    }
  }
  return BL_OK;
}

#endif
