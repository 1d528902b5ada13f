/* Shared by the variants of MAX_POOL_2D: the part of each window that lies in the map. */
#ifndef BL_MAX_POOL_WINDOWS_H
#define BL_MAX_POOL_WINDOWS_H

#include "max_pool_2d.h"

/* All channels of an output pixel, from `rows` times `columns` pixels of the map. */
typedef void bl_max_pool_pixel(const bl_max_pool_2d_s8 *p, const int8_t *from, int32_t columns,
                               int32_t column_step, int32_t rows, int32_t row_step, int8_t *output);

static inline bl_status bl_max_pool_windows(const bl_max_pool_2d_s8 *p, const int8_t *input,
                                            int8_t *output, bl_max_pool_pixel *pixel) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->input_c != w->output_c) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t row_bytes = w->input_w * w->input_c;
  for (int32_t y = 0; y < w->output_h; y++) {
    int32_t ky, ky_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky, &ky_end);
    const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
    for (int32_t x = 0; x < w->output_w; x++, output += w->output_c) {
      int32_t kx, kx_end;
      bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, w->input_w, &kx, &kx_end);
      const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
      pixel(p, input + row * row_bytes + column * w->input_c, kx_end - kx,
            w->dilation_w * w->input_c, ky_end - ky, w->dilation_h * row_bytes, output);
    }
  }
  return BL_OK;
}

#endif
