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

/* What the pairs of a row look like: column 2 k - pad_left of the map is the left of pair k. */
typedef struct {
  const bl_window *window;
  uint32_t padding; /* input_zero_point in every byte */
  int32_t pairs;    /* in a row */
} layout;

static BL_NOINLINE void pad_row(const layout *l, uint32_t *to) {
  const uint32_t pair = bl_sxtb16(l->padding);
  for (int32_t k = 0; k < l->pairs; k++, to += GROUP) {
    to[0] = pair, to[1] = pair, to[2] = pair, to[3] = pair;
  }
}

/* Four channels of a row of the map. */
static BL_NOINLINE void widen_row(const layout *l, const int8_t *row, uint32_t *to) {
  const int32_t channels = l->window->input_c, width = l->window->input_w;
  const uint32_t *end = to + l->pairs * GROUP;
  int32_t x = -l->window->pad_left;
  const int8_t *from = row + x * channels;
  while (to != end) {
    if (x >= 0 && x + 1 < width) {
      const int32_t inside = (width - x) / 2, room = (int32_t)(end - to) / GROUP;
      const uint32_t *stop = to + (inside < room ? inside : room) * GROUP;
      x += (int32_t)(stop - to) / (GROUP / 2);
      do {
        widen_pair(to, bl_load32(from), bl_load32(from + channels));
        from += 2 * channels;
        to += GROUP;
      } while (to != stop);
      continue;
    }
    widen_pair(to, x >= 0 && x < width ? bl_load32(from) : l->padding,
               x + 1 >= 0 && x + 1 < width ? bl_load32(from + channels) : l->padding);
    from += 2 * channels;
    to += GROUP;
    x += 2;
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
  const layout row_layout = {.window = w,
                             .padding = UINT32_C(0x01010101) * (uint8_t)p->input_zero_point,
                             .pairs = (w->output_w + 1) / 2 * w->stride_w + 1};
  const int32_t row_bytes = 4 * GROUP * row_layout.pairs;
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
      uint32_t *to = scratch;
      int32_t row = y * w->stride_h - w->pad_top;
      const int8_t *from = input + row * w->input_w * w->input_c + first;
      for (int32_t r = (rows - 1) * w->stride_h + 3; r > 0; r--, row++) {
        if (row < 0 || row >= w->input_h) {
          pad_row(&row_layout, to);
        } else {
          widen_row(&row_layout, from, to);
        }
        from += w->input_w * w->input_c;
        to += row_bytes / 4;
      }
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
