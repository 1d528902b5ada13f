/* Pixel by pixel, four output channels at a time, over the taps that lie inside the map. Where all
 * do, the zero point is in the bias; elsewhere it is taken from each input. */
#include "scalar_channels.h"

#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

enum { LANES = 4 };

/* What all pixels have in common. */
typedef struct {
  int32_t channels, multiplier, taps; /* channels: of the input */
  int32_t step, row_step;             /* from tap to tap in the input */
  int32_t input_zero_point;
  output_bounds bounds;
  const int8_t *filter;
  const channel_constants *constants;
} layer;

/* Taps of a window that lie in the map: `columns` by `rows`. The first of them is at `from` in the
 * input and `first` in the filter of a channel. */
typedef struct {
  const int8_t *from;
  int32_t first, columns, rows;
  int32_t row_step, filter_step; /* from behind a row to the next one: input, taps of a channel */
} part;

/* sums[k] += (input + offset) * tap, of `lanes` channels whose taps lie side by side, over a part
 * of a window. Their inputs lie `apart` bytes apart: side by side (1), or all are the same (0). */
INLINE void add_taps(const layer *l, const part *t, const int8_t *from, const int8_t *taps,
                     int32_t lanes, int32_t apart, int32_t offset, uint32_t sums[LANES]) {
  const int32_t step = l->step;
  uint32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
#define ADD(sum, k)                                              \
  do {                                                           \
    sum += (uint32_t)((from[(k) * apart] + offset) * taps[(k)]); \
    if (apart) {                                                 \
      BL_ONE_BY_ONE(sum, from);                                  \
    } else {                                                     \
      BL_IN_ORDER(sum);                                          \
    }                                                            \
  } while (0)
  for (int32_t rows = t->rows; rows > 0;
       rows--, from += t->row_step, taps += t->filter_step * lanes) {
    const int8_t *const end = taps + t->columns * lanes;
    do {
      ADD(a, 0);
      if (lanes == LANES) {
        ADD(b, 1);
        ADD(c, 2);
        ADD(d, 3);
      }
      from += step;
      taps += lanes;
    } while (taps != end);
  }
#undef ADD
  sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

INLINE int8_t *store(const layer *l, const channel_constants *channel, const uint32_t *sums,
                     int32_t lanes, int8_t *output) {
  for (int32_t k = 0; k < lanes; k++) {
    *output++ = scaled(&l->bounds, sums[k], channel + k);
  }
  return output;
}

/* The bias as it was before lower.py took the zero point's share from it. */
INLINE uint32_t plain_bias(const layer *l, const channel_constants *channel) {
  return (uint32_t)channel->bias +
         (uint32_t)l->input_zero_point * (uint32_t)(channel->taps_and_right >> 8);
}

/* The channels of a pixel from `channel` on, by fours while there are four; the inputs' zero point
 * is in the bias, or is taken from each. */
INLINE int8_t *pixel(const layer *l, const part *t, int8_t *output, int in_the_bias) {
  const channel_constants *channel = l->constants;
  const int8_t *taps = l->filter, *from = t->from;
  const int32_t offset = in_the_bias ? 0 : -l->input_zero_point;
  int32_t left = l->channels;
  for (; left >= LANES; left -= LANES, channel += LANES, from += LANES, taps += LANES * l->taps) {
    uint32_t sums[LANES];
    for (int32_t k = 0; k < LANES; k++) {
      sums[k] = in_the_bias ? (uint32_t)channel[k].bias : plain_bias(l, channel + k);
    }
    add_taps(l, t, from, taps + t->first * LANES, LANES, 1, offset, sums);
    output = store(l, channel, sums, LANES, output);
  }
  for (; left > 0; left--, channel++, from++, taps += l->taps) {
    uint32_t sum[LANES] = {in_the_bias ? (uint32_t)channel->bias : plain_bias(l, channel)};
    add_taps(l, t, from, taps + t->first, 1, 1, offset, sum);
    output = store(l, channel, sum, 1, output);
  }
  return output;
}

static NOINLINE int8_t *all_taps(const layer *l, const part *t, int8_t *output) {
  return pixel(l, t, output, 1);
}

static NOINLINE int8_t *some_taps(const layer *l, const part *t, int8_t *output) {
  return pixel(l, t, output, 0);
}

/* A pixel of a layer that has several output channels, a multiple of four, for each of the input.
 */
static NOINLINE int8_t *of_one_channel(const layer *l, const part *t, int8_t *output) {
  const channel_constants *channel = l->constants;
  const int8_t *taps = l->filter, *from = t->from;
  for (int32_t left = l->channels; left > 0; left--, from++) {
    for (int32_t more = l->multiplier; more > 0; more -= LANES) {
      uint32_t sums[LANES];
      for (int32_t k = 0; k < LANES; k++) {
        sums[k] = plain_bias(l, channel + k);
      }
      add_taps(l, t, from, taps + t->first * LANES, LANES, 0, -l->input_zero_point, sums);
      output = store(l, channel, sums, LANES, output);
      channel += LANES;
      taps += LANES * l->taps;
    }
  }
  return output;
}

bl_status bl_depthwise_conv_2d_s8_fours_scalar(const bl_depthwise_conv_2d_s8 *p,
                                               const int8_t *input, const int8_t *filter,
                                               const int32_t *channels, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c % w->input_c ||
      (w->output_c != w->input_c && w->output_c / w->input_c % LANES)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t row_bytes = w->input_w * w->input_c;
  const int upright = w->filter_w == 1; /* a column is walked over as a row is */
  const layer l = {
      .channels = w->input_c,
      .multiplier = w->output_c / w->input_c,
      .taps = w->filter_h * w->filter_w,
      .step = upright ? w->dilation_h * row_bytes : w->dilation_w * w->input_c,
      .row_step = w->dilation_h * row_bytes,
      .input_zero_point = p->input_zero_point,
      .bounds = {p->output_zero_point, p->activation_min, p->activation_max},
      .filter = filter,
      .constants = (const channel_constants *)channels,
  };
  for (int32_t y = 0; y < w->output_h; y++) {
    const int32_t row = y * w->stride_h - w->pad_top;
    int32_t ky, ky_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky, &ky_end);
    for (int32_t x = 0; x < w->output_w; x++) {
      const int32_t column = x * w->stride_w - w->pad_left;
      int32_t kx, kx_end;
      bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, w->input_w, &kx, &kx_end);
      const int32_t columns = kx_end - kx, rows = columns > 0 ? ky_end - ky : 0;
      const part t = {
          .from = input + (row + ky * w->dilation_h) * row_bytes +
                  (column + kx * w->dilation_w) * w->input_c,
          .first = ky * w->filter_w + kx,
          .columns = upright ? rows : columns,
          .rows = upright ? columns > 0 && rows > 0 : rows,
          .row_step = l.row_step - columns * l.step,
          .filter_step = w->filter_w - columns,
      };
      const int all = columns == w->filter_w && rows == w->filter_h;
      output = l.multiplier > 1 ? of_one_channel(&l, &t, output)
               : all            ? all_taps(&l, &t, output)
                                : some_taps(&l, &t, output);
    }
  }
  return BL_OK;
}
