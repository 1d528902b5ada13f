#include "average_pool_2d.h"

bl_status bl_average_pool_2d_s16_ref(const bl_average_pool_2d_s16 *p, const int16_t *input,
                                     int16_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->input_c != w->output_c) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t y = 0; y < w->output_h; y++) {
    int32_t ky_begin, ky_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky_begin, &ky_end);
    for (int32_t x = 0; x < w->output_w; x++) {
      int32_t kx_begin, kx_end;
      bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, w->input_w, &kx_begin,
              &kx_end);
      const int32_t count = (ky_end - ky_begin) * (kx_end - kx_begin);
      if (count == 0) {
        return BL_BAD_ARGUMENT;
      }
      for (int32_t c = 0; c < w->output_c; c++) {
        int32_t sum = 0;
        for (int32_t ky = ky_begin; ky < ky_end; ky++) {
          const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
          for (int32_t kx = kx_begin; kx < kx_end; kx++) {
            const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
            sum += input[(row * w->input_w + column) * w->input_c + c];
          }
        }
        const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
        *output++ = (int16_t)bl_clamp(mean, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
