/* Four output pixels and two output channels at a time. The patches under four pixels are widened
 * to int16 once, into scratch, and serve all channels; padding is written as input_zero_point, so
 * that the offset can live in the bias. A 1x1 convolution is a patch of one pixel. */
#include "conv_2d.h"
#include "dsp.h"

enum { LANES = 4 };

/* Bytes to pairs, one lane of four: (0, 2), (1, 3), (4, 6) .., the rest (0, 1), (2, -). */
BL_INLINE uint32_t *widen(uint32_t *to, const int8_t *from, int32_t bytes) {
  for (const int8_t *end = from + (bytes & ~3); from != end; from += 4, to += 2 * LANES) {
    const uint32_t four = bl_load32(from);
    to[0] = bl_sxtb16(four);
    to[LANES] = bl_sxtb16_odd(four);
  }
  if (bytes & 2) {
    *to = bl_pair(from[0], from[1]);
    to += LANES;
    from += 2;
  }
  if (bytes & 1) {
    *to = bl_pair(from[0], 0);
    to += LANES;
  }
  return to;
}

/* A walk over a patch: runs of adjacent bytes. */
typedef struct {
  int32_t rows, row_step; /* steps in bytes */
  int32_t runs, run_step; /* in a row */
  int32_t bytes;          /* in a run */
} walk;

/* The patch that starts at `pixel`, one lane of four. */
BL_INLINE void gather_one(const walk *g, const int8_t *pixel, uint32_t *to) {
  const int32_t runs = g->runs, bytes = g->bytes, row_step = g->row_step;
  for (int32_t rows = g->rows; rows > 0; rows--, pixel += row_step) {
    to = widen(to, pixel, bytes);
    const int8_t *from = pixel;
    for (int32_t run = 1; run < runs; run++) {
      from += g->run_step;
      to = widen(to, from, bytes);
    }
  }
}

/* The patches of `count` pixels that lie `step` bytes apart. */
static BL_NOINLINE void gather(const walk *g, const int8_t *pixel, int32_t step, int32_t count,
                               uint32_t *to) {
  const int is_rgb = g->bytes == 9 && g->runs == 1; /* the usual first layer: three columns */
  for (const uint32_t *end = to + count; to != end; to++, pixel += step) {
    if (is_rgb) {
      const int8_t *from = pixel;
      uint32_t *row = to;
      for (int32_t rows = g->rows; rows > 0; rows--, from += g->row_step) {
        row = widen(row, from, 9);
      }
    } else {
      gather_one(g, pixel, to);
    }
  }
}

/* Does the same for a patch that extends beyond the map; `edge` has room for one run. */
static BL_NOINLINE void gather_edge(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y,
                                    int32_t x, uint32_t *to, int8_t *edge) {
  const bl_window *w = &p->window;
  const int32_t run = w->dilation_w == 1 ? w->filter_w : 1, bytes = run * w->input_c;
  int is_padding = 0; /* all of `edge` */
  for (int32_t ky = 0; ky < w->filter_h; ky++) {
    const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
    for (int32_t kx = 0; kx < w->filter_w; kx += run) {
      const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
      const int32_t begin = column < 0 ? -column : 0;
      const int32_t end = column + run > w->input_w ? w->input_w - column : run;
      const int inside = row >= 0 && row < w->input_h && begin < end;
      const int8_t *from = input + (row * w->input_w + column) * w->input_c;
      if (inside && end - begin == run) {
        to = widen(to, from, bytes);
        continue;
      }
      if (!is_padding) {
        memset(edge, p->input_zero_point, (size_t)bytes);
      }
      if (inside) {
        memcpy(edge + begin * w->input_c, from + begin * w->input_c,
               (size_t)((end - begin) * w->input_c));
      }
      is_padding = !inside;
      to = widen(to, edge, bytes);
    }
  }
}

/* Output positions along one axis whose window lies inside the map. */
typedef struct {
  int32_t begin;
  uint32_t count;
} range;

static range inside(int32_t stride, int32_t pad, int32_t reach, int32_t input) {
  const int32_t begin = (pad + stride - 1) / stride, last = input - reach + pad;
  const int32_t end = last < 0 ? 0 : last / stride + 1;
  return (range){begin, end > begin ? (uint32_t)(end - begin) : 0};
}

typedef void pixels_function(const bl_conv_2d_s8 *p, const uint32_t *patches, int32_t steps,
                             const uint32_t *filter, int32_t valid, int8_t *output);

/* All channels of `valid` pixels, 3 or 4, that lie side by side in the output. */
static BL_NOINLINE void any_pixels(const bl_conv_2d_s8 *p, const uint32_t *patches, int32_t steps,
                                   const uint32_t *filter, int32_t valid, int8_t *output) {
  const int32_t channels = p->window.output_c;
  bl_conv_pairs_4(patches, steps, filter, channels, p->output_zero_point, (valid - 1) * channels,
                  output, 0);
}

static BL_NOINLINE void relu_pixels(const bl_conv_2d_s8 *p, const uint32_t *patches, int32_t steps,
                                    const uint32_t *filter, int32_t valid, int8_t *output) {
  const int32_t channels = p->window.output_c;
  bl_conv_pairs_4(patches, steps, filter, channels, p->output_zero_point, (valid - 1) * channels,
                  output, 1);
}

static BL_NOINLINE void one_pixel(const bl_conv_2d_s8 *p, const uint32_t *patch, int32_t steps,
                                  const uint32_t *filter, int8_t *output) {
  const int32_t channels = p->window.output_c, zero_point = p->output_zero_point;
  for (int32_t o = 0; o < channels; o += 2, output += 2) {
    int32_t a = (int32_t)filter[0], b = (int32_t)filter[1];
    filter += 2;
    for (const uint32_t *pair = patch, *end = patch + LANES * steps; pair != end; pair += LANES) {
      const uint32_t taps = *filter++;
      a = bl_smlad(bl_sxtb16(taps), *pair, a);
      b = bl_smlad(bl_sxtb16_odd(taps), *pair, b);
    }
    const int32_t *scaling = (const int32_t *)filter;
    filter += 4;
    if (o + 1 == channels) { /* the last two again; a channel without another is both */
      *output = (int8_t)bl_requantise_fast(b, scaling[2], scaling[3], zero_point, 0);
      return;
    }
    output[0] = (int8_t)bl_requantise_fast(a, scaling[0], scaling[1], zero_point, 0);
    output[1] = (int8_t)bl_requantise_fast(b, scaling[2], scaling[3], zero_point, 0);
  }
}

/* Values that all pixels share. */
typedef struct {
  const bl_conv_2d_s8 *p;
  uint32_t *patches;
  int32_t steps;
  const uint32_t *filter;
  pixels_function *pixels;
  int narrow;
} job;

/* All channels of `count` pixels: 4, 3 or 1; returns where the next ones go. */
BL_INLINE int8_t *compute(const job *j, int32_t count, int8_t *output) {
  const bl_conv_2d_s8 *p = j->p;
  if (count == 1) {
    one_pixel(p, j->patches, j->steps, j->filter, output);
  } else {
    j->pixels(p, j->patches, j->steps, j->filter, count, output);
  }
  if (j->narrow) {
    bl_clamp_bytes(output, count * p->window.output_c, p->activation_min, p->activation_max);
  }
  return output + count * p->window.output_c;
}

/* Four pixels that lie side by side, as widen() would do it one by one. */
BL_INLINE void widen_four(uint32_t *to, const int8_t *from, int32_t bytes) {
  for (const int8_t *end = from + (bytes & ~3); from != end; from += 4, to += 2 * LANES) {
    const uint32_t a = bl_load32(from), b = bl_load32(from + bytes);
    const uint32_t c = bl_load32(from + 2 * bytes), d = bl_load32(from + 3 * bytes);
    to[0] = bl_sxtb16(a), to[1] = bl_sxtb16(b), to[2] = bl_sxtb16(c), to[3] = bl_sxtb16(d);
    to[4] = bl_sxtb16_odd(a), to[5] = bl_sxtb16_odd(b);
    to[6] = bl_sxtb16_odd(c), to[7] = bl_sxtb16_odd(d);
  }
  const uint32_t *lanes_end = to + LANES;
  if ((bytes & 3) == 3) {
    for (; to != lanes_end; to++, from += bytes) {
      widen(to, from, 3);
    }
  } else if (bytes & 3) {
    for (; to != lanes_end; to++, from += bytes) {
      widen(to, from, bytes & 3);
    }
  }
}

/* A 1x1 convolution without stride or padding. */
static void pointwise(const job *j, const int8_t *input, int8_t *output) {
  const bl_window *w = &j->p->window;
  const int32_t channels = w->input_c, single = w->output_c == 1;
  int32_t left = w->output_h * w->output_w;
  for (; left >= LANES && !single; left -= LANES, input += LANES * channels) {
    widen_four(j->patches, input, channels);
    output = compute(j, LANES, output);
  }
  for (int32_t count; left > 0; left -= count) {
    count = left == 3 && !single ? 3 : 1;
    for (int32_t lane = 0; lane < count; lane++, input += channels) {
      widen(j->patches + lane, input, channels);
    }
    output = compute(j, count, output);
  }
}

bl_status bl_conv_2d_s8_dsp(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                            void *scratch, int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t row_bytes = w->input_w * w->input_c;
  const walk g = {.rows = w->filter_h,
                  .row_step = w->dilation_h * row_bytes,
                  .runs = w->dilation_w == 1 ? 1 : w->filter_w,
                  .run_step = w->dilation_w * w->input_c,
                  .bytes = (w->dilation_w == 1 ? w->filter_w : 1) * w->input_c};
  const int32_t steps = g.rows * g.runs * ((g.bytes + 1) / 2);
  if (scratch_bytes < LANES * 4 * steps + g.bytes) {
    return BL_SCRATCH_TOO_SMALL;
  }
  uint32_t *patches = scratch;
  int8_t *edge = (int8_t *)(patches + LANES * steps);
  const job j = {.p = p,
                 .patches = patches,
                 .steps = steps,
                 .filter = (const uint32_t *)filter,
                 .pixels = p->activation_min >= p->output_zero_point ? relu_pixels : any_pixels,
                 .narrow = p->activation_min > INT8_MIN || p->activation_max < INT8_MAX};
  if (bl_window_is_pointwise(w)) {
    pointwise(&j, input, output);
    return BL_OK;
  }
  const range ys =
      inside(w->stride_h, w->pad_top, (w->filter_h - 1) * w->dilation_h + 1, w->input_h);
  const range xs =
      inside(w->stride_w, w->pad_left, (w->filter_w - 1) * w->dilation_w + 1, w->input_w);
  const int32_t first = -w->pad_top * row_bytes - w->pad_left * w->input_c;
  const int32_t y_step = w->stride_h * row_bytes, x_step = w->stride_w * w->input_c;
  int32_t y = 0, x = 0, count;
  for (int32_t left = w->output_h * w->output_w; left > 0; left -= count) {
    count = w->output_c == 1 ? 1 : left >= LANES ? LANES : left == 3 ? 3 : 1;
    const int32_t inside_x = x - xs.begin, width = (int32_t)xs.count;
    if ((uint32_t)(y - ys.begin) < ys.count && inside_x >= 0 && inside_x + count <= width) {
      gather(&g, input + (first + y * y_step + x * x_step), x_step, count, patches);
      x += count;
    } else {
      for (int32_t lane = 0; lane < count; lane++) {
        if (x == w->output_w) {
          x = 0;
          y++;
        }
        if ((uint32_t)(y - ys.begin) < ys.count && (uint32_t)(x - xs.begin) < xs.count) {
          gather(&g, input + (first + y * y_step + x * x_step), x_step, 1, patches + lane);
        } else {
          gather_edge(p, input, y, x, patches + lane, edge);
        }
        x++;
      }
    }
    if (x == w->output_w) {
      x = 0;
      y++;
    }
    output = compute(&j, count, output);
  }
  return BL_OK;
}
