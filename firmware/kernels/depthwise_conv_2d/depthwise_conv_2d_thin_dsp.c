/* Maps of 1 to 3 channels, 3x3 windows, a band of output rows at a time, see slide.h. All channels
 * are widened at once, because they lie within a word or two. */
#include "depthwise_conv_2d.h"
#include "slide.h"

/* All channels of two neighbours. */
BL_INLINE void widen_pair(uint32_t *to, const int8_t *left, const int8_t *right, int32_t channels) {
  to[0] = bl_pair(left[0], right[0]);
  if (channels > 1) {
    to[1] = bl_pair(left[1], right[1]);
  }
  if (channels > 2) {
    to[2] = bl_pair(left[2], right[2]);
  }
}

/* `count` pairs of pixels; `channels` is a constant. */
BL_INLINE uint32_t *widen_pairs(uint32_t *to, const int8_t *pixel, int32_t count,
                                int32_t channels) {
  for (const uint32_t *end = to + count * BL_GROUP; to != end; to += BL_GROUP) {
    widen_pair(to, pixel, pixel + channels, channels);
    pixel += 2 * channels;
  }
  return to;
}

/* `count` rows of the map from `row` on, which may lie outside; `from` is where the first of them
 * starts or would start. */
static BL_NOINLINE void widen_thin_rows(const bl_depthwise_conv_2d_s8 *p, const bl_row_layout *l,
                                        int32_t row, int32_t count, const int8_t *from,
                                        uint32_t *to) {
  const int32_t channels = p->window.input_c, row_bytes = p->window.input_w * channels;
  const int8_t zero = (int8_t)p->input_zero_point, padding[3] = {zero, zero, zero};
  const uint32_t pair = bl_pair(zero, zero);
  for (; count > 0; count--, row++, from += row_bytes) {
    if (row < 0 || row >= p->window.input_h) {
      to = bl_pad_pairs(to, pair, l->before + l->first + l->inside + l->last + l->after);
      continue;
    }
    const int8_t *pixel = from;
    to = bl_pad_pairs(to, pair, l->before);
    if (l->first) {
      widen_pair(to, padding, pixel, channels);
      to += BL_GROUP;
      pixel += channels;
    }
    to = channels == 1   ? widen_pairs(to, pixel, l->inside, 1)
         : channels == 2 ? widen_pairs(to, pixel, l->inside, 2)
                         : widen_pairs(to, pixel, l->inside, 3);
    if (l->last) {
      widen_pair(to, pixel + 2 * l->inside * channels, padding, channels);
      to += BL_GROUP;
    }
    to = bl_pad_pairs(to, pair, l->after);
  }
}

BL_INLINE bl_status depthwise(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                              const int32_t *filter, void *scratch, int32_t scratch_bytes,
                              int8_t *output, bl_band_function *compute) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->input_c > 3 || w->output_c % w->input_c != 0 ||
      w->filter_h != 3 || w->filter_w != 3 || w->dilation_h != 1 || w->dilation_w != 1 ||
      w->stride_w > 2) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t pairs = (w->output_w + 1) / 2 * w->stride_w + 1;
  const bl_row_layout layout = bl_row_layout_of(pairs, w->input_w, w->pad_left);
  const int32_t row_bytes = 4 * BL_GROUP * pairs;
  const int32_t scratch_rows = scratch_bytes / row_bytes;
  if (scratch_rows < 3) {
    return BL_SCRATCH_TOO_SMALL;
  }
  const int32_t most = (scratch_rows - 3) / w->stride_h + 1; /* output rows of a band */
  const int32_t narrow = p->activation_min > INT8_MIN || p->activation_max < INT8_MAX;
  bl_band b = bl_band_of(w, p->output_zero_point, row_bytes, w->output_c / w->input_c, 0);
  for (int32_t y = 0; y < w->output_h; y += most) {
    b.rows = bl_least(w->output_h - y, most);
    b.words = b.rows * b.row_words;
    const int32_t row = y * w->stride_h - w->pad_top, count = (b.rows - 1) * w->stride_h + 3;
    widen_thin_rows(p, &layout, row, count, input + row * w->input_w * w->input_c, scratch);
    b.next = (const bl_sliding *)filter;
    for (int32_t c = 0; c < w->input_c; c++) {
      compute(&b, (const uint32_t *)scratch + c, output + c * b.channels);
    }
    const int32_t bytes = b.rows * w->output_w * w->output_c;
    if (narrow) {
      bl_clamp_bytes(output, bytes, p->activation_min, p->activation_max);
    }
    output += bytes;
  }
  return BL_OK;
}

bl_status bl_depthwise_conv_2d_s8_thin_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                           const int32_t *filter, void *scratch,
                                           int32_t scratch_bytes, int8_t *output) {
  return depthwise(p, input, filter, scratch, scratch_bytes, output,
                   p->window.stride_w == 1 ? bl_band_by_1 : bl_band_by_2);
}

bl_status bl_depthwise_conv_2d_s8_thin_relu_dsp(const bl_depthwise_conv_2d_s8 *p,
                                                const int8_t *input, const int32_t *filter,
                                                void *scratch, int32_t scratch_bytes,
                                                int8_t *output) {
  return p->activation_min < p->output_zero_point
             ? BL_BAD_ARGUMENT
             : depthwise(p, input, filter, scratch, scratch_bytes, output,
                         p->window.stride_w == 1 ? bl_relu_band_by_1 : bl_relu_band_by_2);
}
