/* Four output pixels and two output channels at a time. The patches under four pixels are widened
 * to int16 once, into scratch, and serve all channels; padding is written as input_zero_point, so
 * that the offset can live in the bias. A 1x1 convolution is a patch of one pixel. */
#include "patches.h"

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

/* Does the same where there is one channel, which filter holds twice. */
static BL_NOINLINE void single_pixels(const bl_conv_2d_s8 *p, const uint32_t *patches,
                                      int32_t steps, const uint32_t *filter, int32_t valid,
                                      int8_t *output) {
  const bl_conv_2d_s8 twice = {.window.output_c = 2, .output_zero_point = p->output_zero_point};
  int8_t both[2 * LANES];
  any_pixels(&twice, patches, steps, filter, valid, both);
  for (int32_t lane = 0; lane < valid; lane++) {
    output[lane] = both[2 * lane];
  }
}

/* Two inputs of a pixel for two channels. */
BL_INLINE void add_step(uint32_t taps, uint32_t pair, int32_t *a, int32_t *b) {
  *a = bl_smlad(bl_sxtb16(taps), pair, *a);
  *b = bl_smlad(bl_sxtb16_odd(taps), pair, *b);
}

static BL_NOINLINE void one_pixel(const bl_conv_2d_s8 *p, const uint32_t *patch, int32_t steps,
                                  const uint32_t *filter, int8_t *output) {
  const int32_t channels = p->window.output_c, zero_point = p->output_zero_point;
  for (int32_t o = 0; o < channels; o += 2, output += 2) {
    int32_t a = (int32_t)filter[0], b = (int32_t)filter[1];
    filter += 2;
    const uint32_t *pair = patch;
    if (steps & 1) {
      add_step(*filter++, *pair, &a, &b);
      pair += LANES;
    }
    for (const uint32_t *end = patch + LANES * steps; pair != end; pair += 2 * LANES, filter += 2) {
      add_step(filter[0], pair[0], &a, &b);
      add_step(filter[1], pair[LANES], &a, &b);
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

/* A 1x1 convolution without stride or padding. */
static void pointwise(const job *j, const int8_t *input, int8_t *output) {
  const bl_window *w = &j->p->window;
  const int32_t channels = w->input_c;
  int32_t left = w->output_h * w->output_w;
  for (; left >= LANES; left -= LANES, input += LANES * channels) {
    widen_four(j->patches, input, channels);
    output = compute(j, LANES, output);
  }
  for (int32_t count; left > 0; left -= count) {
    count = left == 3 ? 3 : 1;
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
  const bl_walk g = bl_walk_of(w);
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
                 .pixels = w->output_c == 1                            ? single_pixels
                           : p->activation_min >= p->output_zero_point ? relu_pixels
                                                                       : any_pixels,
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
    count = left >= LANES ? LANES : left == 3 ? 3 : 1;
    const int32_t inside_x = x - xs.begin, width = (int32_t)xs.count;
    if ((uint32_t)(y - ys.begin) < ys.count && inside_x >= 0 && inside_x + count <= width) {
      bl_gather(&g, input + (first + y * y_step + x * x_step), x_step, count, patches);
      x += count;
    } else {
      for (int32_t lane = 0; lane < count; lane++) {
        if (x == w->output_w) {
          x = 0;
          y++;
        }
        if ((uint32_t)(y - ys.begin) < ys.count && (uint32_t)(x - xs.begin) < xs.count) {
          bl_gather(&g, input + (first + y * y_step + x * x_step), x_step, 1, patches + lane);
        } else {
          bl_gather_edge(p, input, y, x, patches + lane, edge);
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
