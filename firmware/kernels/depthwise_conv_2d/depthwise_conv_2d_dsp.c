/* 3x3 windows, a band of output rows and four channels at a time. The rows that a band needs are
 * widened once into scratch, as pairs of neighbours (columns 2 k and 2 k + 1 of the padded row), so
 * that one SMLAD serves two taps; padding is written as input_zero_point, so that no window needs
 * an edge test and the offset can live in the bias. */
#include "depthwise_conv_2d.h"
#include "dsp.h"

enum { GROUP = 4 }; /* channels */

/* Four channels of two neighbours: bytes to pairs. */
BL_INLINE void widen_pair(uint32_t *to, uint32_t left, uint32_t right) {
  const uint32_t low = bl_bottoms(left, right), high = bl_tops(left, right);
  to[0] = bl_sxtb16(low);
  to[1] = bl_sxtb16_odd(low);
  to[2] = bl_sxtb16(high);
  to[3] = bl_sxtb16_odd(high);
}

/* What the pairs of a row of scratch are, from left to right. */
typedef struct {
  int32_t before; /* padding */
  int32_t first;  /* 1: padding and the map's first pixel */
  int32_t inside; /* two pixels */
  int32_t last;   /* 1: the map's last pixel and padding */
  int32_t after;  /* padding */
} layout;

static int32_t least(int32_t a, int32_t b) {
  return a < b ? a : b;
}

static layout layout_of(int32_t pairs, int32_t width, int32_t pad_left) {
  const int32_t odd = pad_left & 1, left = width - odd; /* pixels behind `first` */
  layout l;
  l.before = least(pad_left / 2, pairs);
  l.first = least(odd, pairs -= l.before);
  l.inside = least(left / 2, pairs -= l.first);
  l.last = least(left & 1, pairs -= l.inside);
  l.after = pairs - l.last;
  return l;
}

BL_INLINE uint32_t *pad(uint32_t *to, uint32_t pair, int32_t count) {
  for (const uint32_t *end = to + count * GROUP; to != end; to += GROUP) {
    to[0] = pair, to[1] = pair, to[2] = pair, to[3] = pair;
  }
  return to;
}

/* Four channels of `count` rows of the map from `row` on, which may lie outside; `from` is where
 * the first of them starts or would start. */
static BL_NOINLINE void widen_rows(const bl_depthwise_conv_2d_s8 *p, const layout *l, int32_t row,
                                   int32_t count, const int8_t *from, uint32_t *to) {
  const int32_t channels = p->window.input_c, row_bytes = p->window.input_w * channels;
  const uint32_t padding = UINT32_C(0x01010101) * (uint8_t)p->input_zero_point;
  const uint32_t pair = bl_sxtb16(padding);
  for (; count > 0; count--, row++, from += row_bytes) {
    if (row < 0 || row >= p->window.input_h) {
      to = pad(to, pair, l->before + l->first + l->inside + l->last + l->after);
      continue;
    }
    const int8_t *pixel = from;
    to = pad(to, pair, l->before);
    if (l->first) {
      widen_pair(to, padding, bl_load32(pixel));
      to += GROUP;
      pixel += channels;
    }
    for (const uint32_t *end = to + l->inside * GROUP; to != end; to += GROUP) {
      const uint32_t left = bl_load32(pixel);
      pixel += channels;
      widen_pair(to, left, bl_load32(pixel));
      pixel += channels;
    }
    if (l->last) {
      widen_pair(to, bl_load32(pixel), padding);
      to += GROUP;
    }
    to = pad(to, pair, l->after);
  }
}

/* What the outputs of one channel share. */
typedef struct {
  bl_lane lane;
  int32_t row_bytes;   /* of scratch */
  int32_t row_words;   /* of scratch, from output row to output row */
  int32_t rows, width; /* of the output band */
  int32_t stride;      /* from output pixel to output pixel */
} channel_band;

/* The output band of one channel. `step` (1 or 2) and `relu` are constants wherever this is called.
 */
BL_INLINE void band_of(channel_band *b, const uint32_t *row, int8_t *output, int32_t step,
                       int relu) {
  const int32_t fours = b->width / 4 * 2 * step * GROUP; /* words */
  for (int32_t rows = b->rows; rows > 0; rows--, row += b->row_words) {
    const uint32_t *pairs = row + fours;
    if (fours) {
      b->lane.stop = pairs;
      output = bl_slide_by_4(&b->lane, row, b->row_bytes, output, b->stride, step, relu);
    }
    for (int32_t left = b->width & 3; left > 0; left -= 2, pairs += step * GROUP) {
      bl_slide_2(&b->lane, pairs, b->row_bytes, output, left > 1 ? b->stride : 0, step, relu);
      output += left > 1 ? 2 * b->stride : b->stride;
    }
  }
}

typedef void band_function(channel_band *b, const uint32_t *row, int8_t *output);

static BL_NOINLINE void band_by_1(channel_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 1, 0);
}

static BL_NOINLINE void band_by_2(channel_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 2, 0);
}

static BL_NOINLINE void relu_band_by_1(channel_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 1, 1);
}

static BL_NOINLINE void relu_band_by_2(channel_band *b, const uint32_t *row, int8_t *output) {
  band_of(b, row, output, 2, 1);
}

static void set_channel(bl_lane *l, const uint32_t *filter, const bl_channel *channel) {
  for (int32_t ky = 0; ky < 3; ky++) {
    l->taps[2 * ky] = bl_sxtb16(filter[ky]);
    l->taps[2 * ky + 1] = bl_sxtb16_odd(filter[ky]);
  }
  l->bias = channel->bias;
  l->multiplier = channel->multiplier;
  l->scale = channel->scale;
}

bl_status bl_depthwise_conv_2d_s8_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int32_t *filter, const int32_t *channels, void *scratch,
                                      int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c != w->input_c || w->input_c < GROUP ||
      w->filter_h != 3 || w->filter_w != 3 || w->dilation_h != 1 || w->dilation_w != 1 ||
      w->stride_w > 2) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t pairs = (w->output_w + 1) / 2 * w->stride_w + 1;
  const layout row_layout = layout_of(pairs, w->input_w, w->pad_left);
  const int32_t row_bytes = 4 * GROUP * pairs;
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
  band_function *const compute =
      w->stride_w == 1 ? (relu ? relu_band_by_1 : band_by_1) : (relu ? relu_band_by_2 : band_by_2);
  channel_band b = {.lane.zero_point = p->output_zero_point,
                    .row_bytes = row_bytes,
                    .row_words = w->stride_h * (row_bytes / 4),
                    .width = w->output_w,
                    .stride = w->output_c};
  for (int32_t y = 0; y < w->output_h; y += band) {
    const int32_t rows = w->output_h - y < band ? w->output_h - y : band;
    b.rows = rows;
    for (int32_t done = 0; done < w->input_c;) {
      /* the last group may start at channels that are done, so that it never reads beyond a row */
      const int32_t first = w->input_c - done < GROUP ? w->input_c - GROUP : done;
      const int32_t row = y * w->stride_h - w->pad_top;
      widen_rows(p, &row_layout, row, (rows - 1) * w->stride_h + 3,
                 input + row * w->input_w * w->input_c + first, scratch);
      for (; done < first + GROUP; done++) {
        set_channel(&b.lane, taps + 3 * done, channel + done);
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
