/* 3x3 windows, a band of output rows and four channels at a time, see slide.h. */
#include "depthwise_conv_2d.h"
#include "slide.h"

/* Four channels of two neighbours: bytes to pairs. */
BL_INLINE void widen_pair(uint32_t *to, uint32_t left, uint32_t right) {
  const uint32_t low = bl_bottoms(left, right), high = bl_tops(left, right);
  to[0] = bl_sxtb16(low);
  to[1] = bl_sxtb16_odd(low);
  to[2] = bl_sxtb16(high);
  to[3] = bl_sxtb16_odd(high);
}

/* Four channels of `count` rows of the map from `row` on, which may lie outside; `from` is where
 * the first of them starts or would start. */
static BL_NOINLINE void widen_rows(const bl_depthwise_conv_2d_s8 *p, const bl_row_layout *l,
                                   int32_t row, int32_t count, const int8_t *from, uint32_t *to) {
  const int32_t channels = p->window.input_c, row_bytes = p->window.input_w * channels;
  const uint32_t padding = UINT32_C(0x01010101) * (uint8_t)p->input_zero_point;
  const uint32_t pair = bl_sxtb16(padding);
  for (; count > 0; count--, row++, from += row_bytes) {
    if (row < 0 || row >= p->window.input_h) {
      to = bl_pad_pairs(to, pair, l->before + l->first + l->inside + l->last + l->after);
      continue;
    }
    const int8_t *pixel = from;
    to = bl_pad_pairs(to, pair, l->before);
    if (l->first) {
      widen_pair(to, padding, bl_load32(pixel));
      to += BL_GROUP;
      pixel += channels;
    }
    for (const uint32_t *end = to + l->inside * BL_GROUP; to != end; to += BL_GROUP) {
      const uint32_t left = bl_load32(pixel);
      pixel += channels;
      widen_pair(to, left, bl_load32(pixel));
      pixel += channels;
    }
    if (l->last) {
      widen_pair(to, bl_load32(pixel), padding);
      to += BL_GROUP;
    }
    to = bl_pad_pairs(to, pair, l->after);
  }
}

bl_status bl_depthwise_conv_2d_s8_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int32_t *filter, const int32_t *channels, void *scratch,
                                      int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c != w->input_c || w->input_c < BL_GROUP ||
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
  const int32_t band = (scratch_rows - 3) / w->stride_h + 1; /* output rows */
  const uint32_t *taps = (const uint32_t *)filter;
  const bl_channel *channel = (const bl_channel *)channels;
  const int32_t narrow = p->activation_min > INT8_MIN || p->activation_max < INT8_MAX;
  const int32_t output_row_bytes = w->output_w * w->output_c;
  const int relu = p->activation_min >= p->output_zero_point;
  bl_band_function *const compute = bl_band_function_of(w->stride_w, relu);
  bl_band b = {.lane.zero_point = p->output_zero_point,
               .row_bytes = row_bytes,
               .row_words = w->stride_h * (row_bytes / 4),
               .width = w->output_w,
               .stride = w->output_c};
  for (int32_t y = 0; y < w->output_h; y += band) {
    const int32_t rows = w->output_h - y < band ? w->output_h - y : band;
    b.rows = rows;
    for (int32_t done = 0; done < w->input_c;) {
      /* the last group may start at channels that are done, so that it never reads beyond a row */
      const int32_t first = w->input_c - done < BL_GROUP ? w->input_c - BL_GROUP : done;
      const int32_t row = y * w->stride_h - w->pad_top;
      widen_rows(p, &layout, row, (rows - 1) * w->stride_h + 3,
                 input + row * w->input_w * w->input_c + first, scratch);
      for (; done < first + BL_GROUP; done++) {
        bl_set_channel(&b.lane, taps + 3 * done, channel + done);
        compute(&b, (uint32_t *)scratch + done - first, output + done);
      }
    }
    if (narrow) {
      bl_clamp_bytes(output, rows * output_row_bytes, p->activation_min, p->activation_max);
    }
    output += rows * output_row_bytes;
  }
  return BL_OK;
}
