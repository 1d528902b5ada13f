/* Pixel by pixel, over the taps that lie inside the map. Where all do, the zero point is in the
 * bias; elsewhere what it holds of the other taps is added again. */
#include "scalar_channels.h"

#define NOINLINE __attribute__((noinline))

/* What all pixels have in common. */
typedef struct {
  int32_t channels, multiplier, taps;
  int32_t step, row_step; /* from tap to tap in the input */
  int32_t filter_w, input_zero_point;
  output_bounds bounds;
  const int8_t *filter;
  const channel_constants *constants;
} layer;

/* Taps of a window that lie in the map: `columns` by `rows`. The first of them is at `from` in the
 * input and `first` in the filter of a channel. */
typedef struct {
  const int8_t *from;
  int32_t first, columns, rows;
} part;

static inline uint32_t three(const int8_t *from, int32_t step, const int8_t *taps) {
  return (uint32_t)(from[0] * taps[0]) + (uint32_t)(from[step] * taps[1]) +
         (uint32_t)(from[2 * step] * taps[2]);
}

/* A pixel whose window of 3x3 taps lies in the map; there is one output channel per channel. */
static NOINLINE int8_t *nine_taps(const layer *l, const part *t, int8_t *output) {
  const channel_constants *channel = l->constants;
  const int8_t *taps = l->filter, *from = t->from;
  const int32_t step = l->step, row_step = l->row_step;
  for (const int8_t *const end = output + l->channels; output != end; from++, taps += 9) {
    uint32_t sum = (uint32_t)channel->bias + three(from, step, taps);
    sum += three(from + row_step, step, taps + 3);
    sum += three(from + 2 * row_step, step, taps + 6);
    *output++ = scaled(&l->bounds, sum, channel++);
  }
  return output;
}

/* The taps of a row of a window. */
static inline __attribute__((always_inline)) uint32_t row_of_taps(const int8_t *from, int32_t step,
                                                                  const int8_t *taps,
                                                                  int32_t columns) {
  uint32_t sum = 0;
#ifdef __ARM_ARCH_6M__ /* too few registers */
  for (const int8_t *const last = taps + columns; taps != last; from += step) {
    sum += (uint32_t)(*from * *taps++);
  }
  return sum;
#else
  for (; columns >= 4; columns -= 4, taps += 4) {
    sum += (uint32_t)(*from * taps[0]), from += step;
    sum += (uint32_t)(*from * taps[1]), from += step;
    sum += (uint32_t)(*from * taps[2]), from += step;
    sum += (uint32_t)(*from * taps[3]), from += step;
  }
  if (columns & 2) {
    sum += (uint32_t)(*from * taps[0]), from += step;
    sum += (uint32_t)(*from * taps[1]), from += step;
    taps += 2;
  }
  return columns & 1 ? sum + (uint32_t)(*from * *taps) : sum;
#endif
}

/* A pixel whose window lies in the map. */
static NOINLINE int8_t *all_taps(const layer *l, const part *t, int8_t *output) {
  const channel_constants *channel = l->constants;
  const int8_t *taps = l->filter, *at = t->from;
  const int32_t step = l->step, row_step = l->row_step, columns = t->columns;
  int32_t more = l->multiplier; /* channels of this input channel */
  for (int8_t *const end = output + l->channels * more; output != end; channel++) {
    uint32_t sum = (uint32_t)channel->bias;
    const int8_t *row = at;
    for (int32_t rows = t->rows; rows > 0; rows--, row += row_step, taps += columns) {
      sum += row_of_taps(row, step, taps, columns);
    }
    *output++ = scaled(&l->bounds, sum, channel);
    if (--more == 0) {
      at++;
      more = l->multiplier;
    }
  }
  return output;
}

/* The taps of a row of a window that sticks out, and what their inputs' zero points add up to. */
static inline __attribute__((always_inline)) void part_of_row(const int8_t *from, int32_t step,
                                                              const int8_t *taps, int32_t columns,
                                                              uint32_t *sum, uint32_t *weights) {
  for (int32_t k = 0; k < columns; k++, from += step) {
    const int32_t tap = taps[k];
    *sum += (uint32_t)(*from * tap);
    *weights += (uint32_t)tap;
    BL_IN_ORDER(*sum);
  }
}

/* A pixel whose window sticks out. `columns` and `rows` are those of t, constants or not. `nine`:
 * the window has 3x3 taps, and there is one output channel per channel. */
static inline __attribute__((always_inline)) int8_t *edge(const layer *l, const part *t,
                                                          int8_t *output, int32_t columns,
                                                          int32_t rows, int nine) {
  const channel_constants *channel = l->constants;
  const int8_t *taps = l->filter + t->first, *at = t->from;
  const int32_t step = l->step, row_step = l->row_step;
  const int32_t multiplier = nine ? 1 : l->multiplier, filter_w = nine ? 3 : l->filter_w;
  int32_t more = multiplier;
  for (int8_t *const end = output + l->channels * more; output != end; channel++) {
    uint32_t sum = (uint32_t)channel->bias, weights = 0;
    const int8_t *row = at, *tap_row = taps;
    for (int32_t left = rows; left > 0; left--, row += row_step, tap_row += filter_w) {
      part_of_row(row, step, tap_row, columns, &sum, &weights);
    }
    sum += (uint32_t)l->input_zero_point * ((uint32_t)(channel->taps_and_right >> 8) - weights);
    *output++ = scaled(&l->bounds, sum, channel);
    taps += nine ? 9 : l->taps;
    if (nine || --more == 0) {
      at++;
      more = multiplier;
    }
  }
  return output;
}

static NOINLINE int8_t *some_taps(const layer *l, const part *t, int8_t *output) {
  return edge(l, t, output, t->columns, t->rows, 0);
}

static NOINLINE int8_t *two_by_two(const layer *l, const part *t, int8_t *output) {
  return edge(l, t, output, 2, 2, 1);
}

static NOINLINE int8_t *two_by_three(const layer *l, const part *t, int8_t *output) {
  return edge(l, t, output, 2, 3, 1);
}

static NOINLINE int8_t *three_by_two(const layer *l, const part *t, int8_t *output) {
  return edge(l, t, output, 3, 2, 1);
}

bl_status bl_depthwise_conv_2d_s8_scalar(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                         const int8_t *filter, const int32_t *channels,
                                         int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c % w->input_c) {
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
      .filter_w = w->filter_w,
      .input_zero_point = p->input_zero_point,
      .bounds = {p->output_zero_point, p->activation_min, p->activation_max},
      .filter = filter,
      .constants = (const channel_constants *)channels,
  };
  const int nine = w->filter_h == 3 && w->filter_w == 3 && l.multiplier == 1;
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
          .rows = upright ? columns : rows,
      };
      if (columns == w->filter_w && rows == w->filter_h) {
        output = nine ? nine_taps(&l, &t, output) : all_taps(&l, &t, output);
      } else if (!nine || columns < 2 || rows < 2) {
        output = some_taps(&l, &t, output);
      } else {
        output = columns == 3 ? three_by_two(&l, &t, output)
                 : rows == 3  ? two_by_three(&l, &t, output)
                              : two_by_two(&l, &t, output);
      }
    }
  }
  return BL_OK;
}
