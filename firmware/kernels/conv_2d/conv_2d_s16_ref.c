#include "conv_2d.h"
#include "wide.h"

bl_status bl_conv_2d_s16_ref(const bl_conv_2d_s16 *p, const int16_t *input, const int8_t *filter,
                             const int64_t *bias, const int32_t *multiplier, const int32_t *shift,
                             int16_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || p->groups <= 0 || w->input_c % p->groups ||
      w->output_c % p->groups) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t own_c = w->input_c / p->groups; /* input channels of an output channel */
  const int32_t per_group = w->output_c / p->groups;
  const int side_by_side = p->groups == 1 && w->dilation_w == 1; /* the pixels of a window's row */
  for (int32_t y = 0; y < w->output_h; y++) {
    int32_t ky_begin, ky_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky_begin, &ky_end);
    for (int32_t x = 0; x < w->output_w; x++) {
      int32_t kx_begin, kx_end;
      bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, w->input_w, &kx_begin,
              &kx_end);
      const int32_t run = side_by_side ? kx_end - kx_begin : 1; /* pixels */
      for (int32_t o = 0; o < w->output_c; o++) {
        int64_t sum = bias ? bias[o] : 0;
        for (int32_t ky = ky_begin; ky < ky_end; ky++) {
          const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
          for (int32_t kx = kx_begin; kx < kx_end; kx += run) {
            const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
            const int16_t *pixel =
                input + (row * w->input_w + column) * w->input_c + o / per_group * own_c;
            const int8_t *taps = filter + ((o * w->filter_h + ky) * w->filter_w + kx) * own_c;
            for (int32_t c = 0; c < run * own_c; c++) {
              sum += pixel[c] * taps[c];
            }
          }
        }
        const int32_t scaled = bl_requantise_wide(sum, p->wide, multiplier[o], shift[o]);
        *output++ = (int16_t)bl_clamp(scaled, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
