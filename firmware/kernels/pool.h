/* Pools of few channels, pixel by pixel and channel by channel: what is done once per pixel is most
 * of the work there, so it is little. */
#ifndef BL_POOL_H
#define BL_POOL_H

#include "kernel.h"

/* The part of a window that lies in the map, of one channel. */
typedef struct {
  const int8_t *from;
  int32_t columns, column_step, rows, row_step;
} bl_pool_part;

/* Returns a part's output; fields of `state` may change from part to part. */
typedef int8_t bl_pool_output(void *state, const bl_pool_part *part);

static inline int32_t bl_smaller(int32_t a, int32_t b) {
  return a < b ? a : b;
}

/* Writes all outputs of a window without dilation. Where `empty` is 0, a window that lies outside
 * of the map is a bad argument. */
static inline __attribute__((always_inline)) bl_status bl_pool_map(const bl_window *w, int empty,
                                                                   const int8_t *input,
                                                                   int8_t *output, void *state,
                                                                   bl_pool_output *of) {
  if (!bl_window_is_valid(w) || w->input_c != w->output_c || w->dilation_h != 1 ||
      w->dilation_w != 1) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t channels = w->input_c, input_w = w->input_w, filter_w = w->filter_w;
  bl_pool_part part = {.column_step = channels, .row_step = input_w * channels};
  int32_t row = -w->pad_top;
  for (int32_t y = w->output_h; y > 0; y--, row += w->stride_h) {
    const int32_t top = row > 0 ? row : 0;
    part.rows = bl_smaller(row + w->filter_h, w->input_h) - top;
    int32_t column = -w->pad_left;
    for (int32_t x = w->output_w; x > 0; x--, column += w->stride_w) {
      const int32_t left = column > 0 ? column : 0;
      part.columns = bl_smaller(column + filter_w, input_w) - left;
      if (!empty && (part.rows <= 0 || part.columns <= 0)) {
        return BL_BAD_ARGUMENT;
      }
      part.from = input + top * part.row_step + left * channels;
      for (int32_t c = channels; c > 0; c--, part.from++) {
        *output++ = of(state, &part);
      }
    }
  }
  return BL_OK;
}

#endif
