/* Blocks of output pixels, four channels at a time. The patch under a pixel lies in one piece: in
 * the input itself where the window is a row, elsewhere in scratch. Padding is written as
 * input_zero_point, so that the offset can live in the bias. */
#include "conv_2d.h"
#include "pairs_mve.h"

enum {
  AT_ONCE = 16,       /* bytes of a vector */
  DIRECT_PIXELS = 16, /* of a block */
  FEW_CHANNELS_PIXELS = 32,
  HEAD = 3,        /* words before a single row */
  MOST_SKIPPED = 8 /* columns times rows that are copied in excess of those of one window */
};

/* How the patches of a block lie: `bytes` each, of which taps are multiplied with `whole`, `step`
 * bytes apart, at most `most` of them.
 * `direct`: in the input. `columns`: in scratch, column by column of the window; those of
 * neighbours overlap. `runs`: in scratch, rows of at most 16 bytes. Where a patch
 * shares no bytes with the next one, the map is a single row. `quads`: groups of four channels;
 * others are computed one by one, for four pixels. */
typedef struct {
  int32_t direct, columns, runs, bytes, whole, step, rows, pixels, most, quads;
} layout;

static layout layout_of(const bl_window *w, int direct, int32_t scratch_bytes) {
  layout l = {.direct = direct, .bytes = w->filter_h * w->filter_w * w->input_c};
  const int aside = w->dilation_w == 1 || w->filter_w == 1;
  const int fits = w->filter_w * w->input_c <= AT_ONCE; /* a row of the window in a vector */
  l.columns = !direct && aside && w->output_w > 1 && w->stride_w <= w->filter_w &&
              (!fits || (w->stride_w - 1) * w->filter_h <= MOST_SKIPPED);
  l.runs = aside && fits;
  l.whole = direct || l.bytes <= AT_ONCE ? l.bytes : (l.bytes + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
  l.step = direct      ? w->stride_w * w->input_c
           : l.columns ? w->stride_w * w->filter_h * w->input_c
                       : l.bytes;
  const int flat = direct ? bl_window_is_pointwise(w) : !l.columns;
  l.rows = flat ? 1 : w->output_h;
  l.pixels = flat ? w->output_h * w->output_w : w->output_w;
  l.most = direct ? (w->output_c < 4 ? FEW_CHANNELS_PIXELS : DIRECT_PIXELS)
                  : (scratch_bytes - l.whole) / l.step + 1;
  l.most = l.most < l.pixels ? l.most : l.pixels;
  l.quads = (w->output_c + (l.most < 4 ? 3 : 0)) / 4;
  return l;
}

/* The patch under output pixel (y, x), as the filter lies: H, W, C. */
static void gather(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x, int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t run = w->dilation_w == 1 ? w->filter_w : 1; /* taps that lie side by side */
  const int32_t bytes = w->input_c, row_bytes = w->input_w * bytes;
  int32_t row = y * w->stride_h - w->pad_top;
  for (int32_t ky = 0; ky < w->filter_h; ky++, row += w->dilation_h) {
    int32_t column = x * w->stride_w - w->pad_left;
    for (int32_t kx = 0; kx < w->filter_w; kx += run, column += w->dilation_w, to += run * bytes) {
      const int32_t begin = column < 0 ? -column : 0;
      const int32_t end = column + run > w->input_w ? w->input_w - column : run;
      const int outside = (uint32_t)row >= (uint32_t)w->input_h || begin >= end;
      if (outside || end - begin < run) {
        bl_mve_fill(to, (int8_t)p->input_zero_point, run * bytes);
      }
      if (!outside) {
        const int8_t *from = input + row * row_bytes + (column + begin) * bytes;
        bl_mve_copy(to + begin * bytes, from, (end - begin) * bytes);
      }
    }
  }
}

/* The same for windows whose rows have at most 16 bytes side by side. */
static void gather_rows(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x,
                        int32_t bytes, int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t channels = w->input_c, row_bytes = w->input_w * channels;
  const int32_t column = x * w->stride_w - w->pad_left;
  int32_t first = 0, behind = w->filter_h;
  if (y * w->stride_h < w->pad_top ||
      y * w->stride_h - w->pad_top + (w->filter_h - 1) * w->dilation_h >= w->input_h) {
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &first, &behind);
  }
  const int32_t left = column < 0 ? -column : 0;
  const int32_t right = w->input_w - column < w->filter_w ? w->input_w - column : w->filter_w;
  if (behind - first < w->filter_h || right - left < w->filter_w) {
    bl_mve_fill(to, (int8_t)p->input_zero_point, bytes);
  }
  if (behind > first && right > left) {
    const int32_t row = y * w->stride_h - w->pad_top + first * w->dilation_h,
                  run = w->filter_w * channels;
    bl_mve_copy_rows(to + first * run + left * channels,
                     input + row * row_bytes + (column + left) * channels, behind - first,
                     w->dilation_h * row_bytes, run, (right - left) * channels);
  }
}

/* `count` pixels of padding, `pitch` bytes apart. */
static int8_t *pad(int8_t *to, int32_t count, int32_t pitch, int32_t bytes, int8_t zero) {
  for (; count > 0; count--, to += pitch) {
    bl_mve_fill(to, zero, bytes);
  }
  return to;
}

/* The columns under `count` output pixels from (y, x) on, each with all rows of the window. */
static void gather_columns(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x,
                           int32_t count, int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t bytes = w->input_c, pitch = w->filter_h * bytes;
  const int32_t columns = (count - 1) * w->stride_w + w->filter_w;
  const int32_t first = x * w->stride_w - w->pad_left, last = w->input_w - first;
  const int32_t before = first < 0 ? -first : 0, end = last < columns ? last : columns;
  const int8_t zero = (int8_t)p->input_zero_point;
  int32_t row = y * w->stride_h - w->pad_top;
  for (int32_t ky = 0; ky < w->filter_h; ky++, row += w->dilation_h, to += bytes) {
    if ((uint32_t)row >= (uint32_t)w->input_h || before >= end) {
      pad(to, columns, pitch, bytes, zero);
      continue;
    }
    int8_t *next = pad(to, before, pitch, bytes, zero);
    const int8_t *from = input + (row * w->input_w + first + before) * bytes;
    if (bytes == AT_ONCE) {
      next = bl_mve_copy_vectors(next, from, end - before, pitch);
    } else if (bytes < AT_ONCE) {
      bl_mve_copy_rows(next, from, end - before, bytes, pitch, bytes);
      next += (end - before) * pitch;
    } else {
      for (int32_t k = end - before; k > 0; k--, from += bytes, next += pitch) {
        bl_mve_copy(next, from, bytes);
      }
    }
    pad(next, columns - end, pitch, bytes, zero);
  }
}

/* All groups of four channels of a block; returns the filter behind them. */
static const int32_t *quads(const bl_conv_2d_s8 *p, const layout *l, const int8_t *from,
                            int32_t count, const int32_t *filter, int8_t *output) {
  const int relu = p->activation_min >= p->output_zero_point;
  const int32_t channels = p->window.output_c, zero_point = p->output_zero_point;
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  const int32_t vectors = l->whole / AT_ONCE, rest = l->whole % AT_ONCE;
  const int32_t pairs = count & ~1, words = BL_MVE_HEAD + l->whole;
  const int small = l->bytes <= AT_ONCE;
  bl_four_channels f = {.from = from,
                        .step = l->step,
                        .halves = vectors + 1,
                        .rest = small ? l->bytes : rest,
                        .next = channels,
                        .zero_point = zero_point};
  vst1q_s32(f.min, min);
  vst1q_s32(f.max, max);
  int32_t done = 0;
  if (!small && count > 1 && channels >= 4) {
    f.taps = (const int8_t *)(filter + BL_MVE_HEAD);
    f.output = f.first = output;
    f.end = output + pairs * channels;
    f.quads = channels / 4;
    f.apart = 4 * words;
    (relu ? bl_mve_pairs_relu : bl_mve_pairs)(&f);
    done = pairs;
  }
  for (int32_t c = 0; c < 4 * l->quads; c += 4, filter += words) {
    const int8_t *taps = (const int8_t *)(filter + BL_MVE_HEAD);
    const int32_t left = channels - c;
    if (left >= 4 && small) {
      f.taps = taps;
      f.output = output + c;
      (relu ? bl_mve_small_relu : bl_mve_small)(&f, count);
      continue;
    }
    for (int32_t k = left < 4 ? 0 : done; k < count; k++) {
      const int32x4_t sums = bl_mve_quad(from + k * l->step, taps, vectors, rest, filter);
      const int32x4_t scaled = bl_mve_requantise(sums, vld1q_s32(filter + 4), vld1q_s32(filter + 8),
                                                 zero_point, min, max, 0);
      vstrbq_p_s32(output + k * channels + c, scaled, vctp32q((uint32_t)left));
    }
  }
  return filter;
}

/* All channels of a single pixel, whose rows lie one behind the other. */
static inline __attribute__((always_inline)) void one_pixel(const bl_conv_2d_s8 *p, int32_t bytes,
                                                            const int8_t *from,
                                                            const int32_t *filter, int8_t *output,
                                                            int relu) {
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  for (int32_t left = p->window.output_c; left > 0; left -= 4, output += 4) {
    const int8_t *taps = (const int8_t *)(filter + BL_MVE_HEAD);
    const int32x4_t sums = bl_mve_dots(from, taps, bytes, bytes, filter);
    const int32x4_t scaled = bl_mve_requantise(sums, vld1q_s32(filter + 4), vld1q_s32(filter + 8),
                                               p->output_zero_point, min, max, relu);
    vstrbq_p_s32(output, scaled, vctp32q((uint32_t)left));
    filter += BL_MVE_HEAD + bytes;
  }
}

static void one_pixel_of(const bl_conv_2d_s8 *p, int32_t bytes, const int8_t *from,
                         const int32_t *filter, int8_t *output) {
  if (p->activation_min >= p->output_zero_point) {
    one_pixel(p, bytes, from, filter, output, 1);
  } else {
    one_pixel(p, bytes, from, filter, output, 0);
  }
}

/* One channel of a block, four pixels at a time; the last four may overlap those before. */
static void single(const bl_conv_2d_s8 *p, const layout *l, const int8_t *from, int32_t count,
                   const int32_t *filter, int8_t *output) {
  const int32_t apart = p->window.output_c, multiplier = filter[1], shift = filter[2];
  const int32_t start[4] = {filter[0], filter[0], filter[0], filter[0]};
  const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)apart);
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  const int few = count < 4;
  const int32_t step = few ? 0 : l->step, at_once = few ? 1 : 4;
  for (int32_t done = 0; done < count; done += at_once) {
    const int32_t k = done + at_once <= count ? done : count - at_once;
    const int32x4_t sums =
        bl_mve_dots((const int8_t *)(filter + HEAD), from + k * l->step, step, l->bytes, start);
    const int32x4_t scaled = vqrdmulhq_n_s32(sums, multiplier);
    const int32x4_t ties = vmlaq_n_s32(scaled, vshrq_n_s32(scaled, 31), shift < 0);
    const int32x4_t x = vaddq_n_s32(vrshlq_n_s32(ties, shift), p->output_zero_point);
    const int32x4_t bounded = vminq_s32(vmaxq_s32(x, min), max);
    vstrbq_scatter_offset_p_s32(output + k * apart, places, bounded, vctp32q((uint32_t)at_once));
  }
}

static void all_pixels(const bl_conv_2d_s8 *p, const layout *l, const int8_t *input,
                       const int32_t *filter, int8_t *scratch, int8_t *output) {
  const bl_window *w = &p->window;
  const int32_t words = HEAD + (l->bytes + 3) / 4;
  const int32_t row_bytes = w->stride_h * w->input_w * w->input_c;
  int32_t row = 0, column = 0; /* of the next patch that is gathered */
  for (int32_t y = 0; y < l->rows; y++) {
    for (int32_t x = 0, count; x < l->pixels; x += count, output += count * w->output_c) {
      count = l->pixels - x < l->most ? l->pixels - x : l->most;
      const int8_t *from = l->direct ? input + y * row_bytes + x * l->step : scratch;
      if (l->columns) {
        gather_columns(p, input, y, x, count, scratch);
      } else if (!l->direct) {
        int8_t *to = scratch;
        for (int32_t k = count; k > 0; k--, to += l->bytes) {
          if (l->runs) {
            gather_rows(p, input, row, column, l->bytes, to);
          } else {
            gather(p, input, row, column, to);
          }
          if (++column == w->output_w) {
            row++, column = 0;
          }
        }
      }
      if (l->most == 1) {
        one_pixel_of(p, l->bytes, from, filter, output);
        continue;
      }
      const int32_t *one = filter;
      if (l->quads > 0) {
        one = quads(p, l, from, count, filter, output);
      }
      for (int32_t c = 4 * l->quads; c < w->output_c; c++, one += words) {
        single(p, l, from, count, one, output + c);
      }
    }
  }
}

bl_status bl_conv_2d_s8_mve(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                            void *scratch, int32_t scratch_bytes, int8_t *output) {
  if (!bl_window_is_valid(&p->window)) {
    return BL_BAD_ARGUMENT;
  }
  const bl_window *w = &p->window;
  const int32_t bytes = w->filter_h * w->filter_w * w->input_c;
  if (scratch_bytes < bytes) {
    return BL_SCRATCH_TOO_SMALL;
  }
  if (w->output_h == 1 && w->output_w == 1) {
    gather(p, input, 0, 0, scratch);
    one_pixel_of(p, bytes, scratch, filter, output);
    return BL_OK;
  }
  const layout l = layout_of(w, 0, scratch_bytes);
  if (scratch_bytes < l.whole) {
    return BL_SCRATCH_TOO_SMALL;
  }
  all_pixels(p, &l, input, filter, scratch, output);
  return BL_OK;
}

bl_status bl_conv_2d_s8_direct_mve(const bl_conv_2d_s8 *p, const int8_t *input,
                                   const int32_t *filter, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->filter_h != 1 || w->pad_top != 0 || w->pad_left != 0 ||
      (w->filter_w > 1 && w->dilation_w > 1) || (w->output_h - 1) * w->stride_h >= w->input_h ||
      (w->output_w - 1) * w->stride_w + w->filter_w > w->input_w) {
    return BL_BAD_ARGUMENT;
  }
  if (w->output_h == 1 && w->output_w == 1) {
    one_pixel_of(p, w->filter_w * w->input_c, input, filter, output);
    return BL_OK;
  }
  const layout l = layout_of(w, 1, 0);
  all_pixels(p, &l, input, filter, NULL, output);
  return BL_OK;
}
