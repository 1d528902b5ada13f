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

/* Writes the padding of `count` rows of the map from `row` on, which may lie outside. */
static BL_NOINLINE void pad_rows(const bl_depthwise_conv_2d_s8 *p, const bl_row_layout *l,
                                 int32_t row, int32_t count, uint32_t *to) {
  const uint32_t pair = bl_pair(p->input_zero_point, p->input_zero_point);
  const int32_t within = l->first + l->inside + l->last;
  for (; count > 0; count--, row++) {
    if (row < 0 || row >= p->window.input_h) {
      to = bl_pad_pairs(to, pair, l->before + within + l->after);
    } else {
      to = bl_pad_pairs(to, pair, l->before);
      to = bl_pad_pairs(to + within * BL_GROUP, pair, l->after);
    }
  }
}

/* Widens four channels of `count` rows of the map, of which `from` is the first. In scratch, a row
 * takes `row_words` words. Pairs that are half padding come first, for all rows: the loops inside
 * have the registers for themselves. */
static BL_NOINLINE void widen_rows(const bl_depthwise_conv_2d_s8 *p, const bl_row_layout *l,
                                   int32_t count, const int8_t *from, uint32_t *rows,
                                   int32_t row_words) {
  const uint32_t padding = UINT32_C(0x01010101) * (uint8_t)p->input_zero_point;
  const int32_t channels = p->window.input_c, row_bytes = p->window.input_w * channels;
  const int32_t words = l->inside * BL_GROUP;
  const uint32_t *stop = rows + count * row_words;
  if (l->first) {
    const int8_t *pixel = from;
    for (uint32_t *to = rows; to != stop; to += row_words, pixel += row_bytes) {
      widen_pair(to, padding, bl_load32(pixel));
    }
    from += channels;
    rows += BL_GROUP;
    stop += BL_GROUP;
  }
  if (l->last) {
    const int8_t *pixel = from + 2 * l->inside * channels;
    for (uint32_t *to = rows; to != stop; to += row_words, pixel += row_bytes) {
      widen_pair(to + words, bl_load32(pixel), padding);
    }
  }
  for (; rows != stop; rows += row_words, from += row_bytes) {
    const int8_t *pixel = from;
    uint32_t *to = rows;
    for (const uint32_t *const end = to + words; to != end; to += BL_GROUP) {
      widen_pair(to, bl_load32(pixel), bl_load32(pixel + channels));
      pixel += 2 * channels;
    }
  }
}

BL_INLINE bl_status depthwise(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                              const int32_t *filter, void *scratch, int32_t scratch_bytes,
                              int8_t *output, bl_band_function *compute) {
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
  const int32_t narrow = p->activation_min > INT8_MIN || p->activation_max < INT8_MAX;
  const int32_t output_row_bytes = w->output_w * w->output_c;
  bl_band b = bl_band_of(w, p->output_zero_point, row_bytes, BL_GROUP, 1);
  for (int32_t y = 0; y < w->output_h; y += band) {
    const int32_t rows = w->output_h - y < band ? w->output_h - y : band;
    b.rows = rows;
    b.words = rows * b.row_words;
    b.next = (const bl_sliding *)filter;
    const int32_t row = y * w->stride_h - w->pad_top, count = (rows - 1) * w->stride_h + 3;
    const int32_t begin = row < 0 ? -row : 0; /* the rows inside the map */
    const int32_t end = bl_least(count, w->input_h - row), inside = end - begin;
    const int8_t *from = input + (row + begin) * w->input_w * w->input_c;
    uint32_t *const to = (uint32_t *)scratch + begin * (row_bytes / 4) + layout.before * BL_GROUP;
    if (y == 0 || end < count) { /* bands between have the padding of the first one */
      pad_rows(p, &layout, row, count, scratch);
    }
    for (int32_t done = 0; done < w->input_c; done += b.channels) {
      /* the last group may start at channels that are done, so that it never reads beyond a row */
      const int32_t first = w->input_c - done < BL_GROUP ? w->input_c - BL_GROUP : done;
      widen_rows(p, &layout, inside > 0 ? inside : 0, from + first, to, row_bytes / 4);
      b.channels = first + BL_GROUP - done;
      compute(&b, (uint32_t *)scratch + done - first, output + done);
    }
    if (narrow) {
      bl_clamp_bytes(output, rows * output_row_bytes, p->activation_min, p->activation_max);
    }
    output += rows * output_row_bytes;
  }
  return BL_OK;
}

bl_status bl_depthwise_conv_2d_s8_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                      int8_t *output) {
  return depthwise(p, input, filter, scratch, scratch_bytes, output,
                   p->window.stride_w == 1 ? bl_band_by_1 : bl_band_by_2);
}

bl_status bl_depthwise_conv_2d_s8_relu_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                           const int32_t *filter, void *scratch,
                                           int32_t scratch_bytes, int8_t *output) {
  return p->activation_min < p->output_zero_point
             ? BL_BAD_ARGUMENT
             : depthwise(p, input, filter, scratch, scratch_bytes, output,
                         p->window.stride_w == 1 ? bl_relu_band_by_1 : bl_relu_band_by_2);
}
