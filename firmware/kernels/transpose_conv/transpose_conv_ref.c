#include "reach.h"
#include "requantise.h"
#include "transpose_conv.h"

bl_status bl_transpose_conv_s8_ref(const bl_transpose_conv_s8 *p, const int8_t *input,
                                   const int8_t *filter, const int32_t *bias,
                                   const int32_t *multiplier, const int32_t *shift,
                                   int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t y = 0; y < w->output_h; y++) {
    const reach v = taps_of(y, w->stride_h, w->pad_top, w->filter_h, w->input_h);
    for (int32_t x = 0; x < w->output_w; x++) {
      const reach h = taps_of(x, w->stride_w, w->pad_left, w->filter_w, w->input_w);
      for (int32_t o = 0; o < w->output_c; o++) {
        uint32_t sum = bias ? (uint32_t)bias[o] : 0; /* wraps, as TFLite's */
        int32_t row = v.from;
        for (int32_t ky = v.begin; ky < v.end; ky += w->stride_h, row--) {
          int32_t column = h.from;
          for (int32_t kx = h.begin; kx < h.end; kx += w->stride_w, column--) {
            const int8_t *pixel = input + (row * w->input_w + column) * w->input_c;
            const int8_t *taps = filter + ((o * w->filter_h + ky) * w->filter_w + kx) * w->input_c;
            for (int32_t c = 0; c < w->input_c; c++) {
              sum += (uint32_t)((pixel[c] - p->input_zero_point) * taps[c]);
            }
          }
        }
        const int32_t scaled =
            bl_offset(bl_requantise((int32_t)sum, multiplier[o], shift[o]), p->output_zero_point);
        *output++ = (int8_t)bl_clamp(scaled, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}

bl_status bl_transpose_conv_f32_ref(const bl_transpose_conv_f32 *p, const float *input,
                                    const float *filter, const float *bias, float *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t y = 0; y < w->output_h; y++) {
    const reach v = taps_of(y, w->stride_h, w->pad_top, w->filter_h, w->input_h);
    for (int32_t x = 0; x < w->output_w; x++) {
      const reach h = taps_of(x, w->stride_w, w->pad_left, w->filter_w, w->input_w);
      for (int32_t o = 0; o < w->output_c; o++) {
        float sum = 0.0f;
        int32_t row = v.from;
        for (int32_t ky = v.begin; ky < v.end; ky += w->stride_h, row--) {
          int32_t column = h.from;
          for (int32_t kx = h.begin; kx < h.end; kx += w->stride_w, column--) {
            const float *pixel = input + (row * w->input_w + column) * w->input_c;
            const float *taps = filter + ((o * w->filter_h + ky) * w->filter_w + kx) * w->input_c;
            for (int32_t c = 0; c < w->input_c; c++) {
              sum += pixel[c] * taps[c];
            }
          }
        }
        sum += bias ? bias[o] : 0.0f;
        *output++ = bl_clamp_f32(sum, p->activation_min, p->activation_max);
      }
    }
  }
  return BL_OK;
}
