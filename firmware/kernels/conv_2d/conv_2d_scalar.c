/* Two output pixels and two output channels at a time. The patches under the pixels are copied into
 * scratch once, padding as input_zero_point; a 1x1 convolution reads its pixels where they are. */
#include <string.h>

#include "conv_2d.h"
#include "requantise.h"
#include "scalar.h"

#define NOINLINE __attribute__((noinline)) /* the registers are for the loops inside */

enum { MOST_WITHOUT_CALL = 24 }; /* bytes */

/* Copies bytes: few without a call, where that takes longer than they do. */
static inline void copy(int8_t *to, const int8_t *from, int32_t count) {
#ifndef __arm__
  if (count <= MOST_WITHOUT_CALL) {
    for (; count >= 4; count -= 4, to += 4, from += 4) {
      to[0] = from[0], to[1] = from[1], to[2] = from[2], to[3] = from[3];
    }
    for (; count > 0; count--) {
      BL_IN_ORDER(count); /* else the compiler makes a call of this */
      *to++ = *from++;
    }
    return;
  }
#endif
  memcpy(to, from, (size_t)count);
}

/* The patch under output pixel (y, x), as the filter lies: H, W, C. */
static void gather(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x, int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t run = w->dilation_w == 1 ? w->filter_w : 1; /* taps that lie side by side */
  const int32_t channels = w->input_c, input_w = w->input_w;
  int32_t row = y * w->stride_h - w->pad_top;
  for (int32_t ky = w->filter_h; ky > 0; ky--, row += w->dilation_h) {
    const int row_in_map = row >= 0 && row < w->input_h;
    int32_t column = x * w->stride_w - w->pad_left;
    for (int32_t kx = w->filter_w; kx > 0; kx -= run, column += w->dilation_w) {
      const int32_t begin = column < 0 ? -column : 0;
      const int32_t end = column + run > input_w ? input_w - column : run;
      const int in_map = row_in_map && begin < end;
      if (!in_map || end - begin < run) {
        memset(to, p->input_zero_point, (size_t)(run * channels));
      }
      if (in_map) {
        copy(to + begin * channels, input + (row * input_w + column + begin) * channels,
             (end - begin) * channels);
      }
      to += run * channels;
    }
  }
}

/* What all pixels have in common. */
typedef struct {
  int32_t channels, bytes; /* of an output pixel; of the patch under one */
  const int8_t *filter;
  const int32_t *bias, *multiplier, *shift;
  int32_t zero_point, min, max;
} layer;

static inline int8_t to_byte(const layer *l, uint32_t sum, int32_t multiplier, int32_t shift) {
  const int32_t scaled = bl_requantise_scalar((int32_t)sum, multiplier, shift);
  return (int8_t)bl_clamp(bl_offset(scaled, l->zero_point), l->min, l->max);
}

/* Channel o of two pixels. */
static inline void store_two(const layer *l, uint32_t a, uint32_t b, int32_t o, int8_t *output) {
  const int32_t multiplier = l->multiplier[o], shift = l->shift[o];
  const int8_t first = to_byte(l, a, multiplier, shift), second = to_byte(l, b, multiplier, shift);
  output[o] = first;
  output[l->channels + o] = second;
}

/* All channels of two pixels that lie side by side in the output. */
static NOINLINE void two_pixels(const layer *l, const int8_t *a, const int8_t *b, int8_t *output) {
  const int32_t channels = l->channels, bytes = l->bytes;
  const int8_t *row = l->filter;
  int32_t o = 0;
  for (; o + 2 <= channels; o += 2, row += 2 * bytes) {
    const uint32_t first = (uint32_t)l->bias[o], second = (uint32_t)l->bias[o + 1];
    uint32_t sums[4] = {first, second, first, second};
    bl_four_dots(a, b, row, row + bytes, bytes, sums);
    store_two(l, sums[0], sums[2], o, output);
    store_two(l, sums[1], sums[3], o + 1, output);
  }
  if (o < channels) {
    uint32_t sums[2] = {(uint32_t)l->bias[o], (uint32_t)l->bias[o]};
    bl_two_dots(row, a, b, bytes, &sums[0], &sums[1]);
    for (int32_t k = 0; k < 2; k++, output += channels) {
      output[o] = to_byte(l, sums[k], l->multiplier[o], l->shift[o]);
    }
  }
}

static NOINLINE void one_pixel(const layer *l, const int8_t *patch, int8_t *output) {
  const int8_t *row = l->filter;
  for (int32_t o = 0; o < l->channels; o += 2, row += 2 * l->bytes) {
    const int32_t both = o + 1 < l->channels;
    uint32_t a = (uint32_t)l->bias[o], b = (uint32_t)l->bias[o + both];
    bl_two_dots(patch, row, row + both * l->bytes, l->bytes, &a, &b);
    output[o] = to_byte(l, a, l->multiplier[o], l->shift[o]);
    if (both) {
      output[o + 1] = to_byte(l, b, l->multiplier[o + 1], l->shift[o + 1]);
    }
  }
}

/* A walk over the output pixels. */
typedef struct {
  const int8_t *patch, *row; /* where the patch lies in the input if it is one pixel, and its row */
  int32_t step, row_step;    /* to the next ones */
  int32_t y, x;
} walk;

/* The patch under the next output pixel: in the input, or copied to `to`. */
static inline const int8_t *next_patch(const bl_conv_2d_s8 *p, const int8_t *input, walk *at,
                                       int8_t *to) {
  const int8_t *patch = to;
  if (to) {
    gather(p, input, at->y, at->x, to);
  } else {
    patch = at->patch;
  }
  at->patch += at->step;
  if (++at->x == p->window.output_w) {
    at->x = 0;
    at->y++;
    at->patch = at->row += at->row_step;
  }
  return patch;
}

bl_status bl_conv_2d_s8_scalar(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                               const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
                               void *scratch, int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t bytes = w->filter_h * w->filter_w * w->input_c;
  /* a window of one pixel needs no copy where nothing is padded */
  const int32_t in_place =
      w->filter_h == 1 && w->filter_w == 1 && w->pad_top == 0 && w->pad_left == 0;
  if (!in_place && scratch_bytes < 2 * bytes) {
    return BL_SCRATCH_TOO_SMALL;
  }
  const layer l = {.channels = w->output_c,
                   .bytes = bytes,
                   .filter = filter,
                   .bias = bias,
                   .multiplier = multiplier,
                   .shift = shift,
                   .zero_point = p->output_zero_point,
                   .min = p->activation_min,
                   .max = p->activation_max};
  walk at = {.patch = input,
             .row = input,
             .step = in_place ? w->stride_w * bytes : 0,
             .row_step = in_place ? w->stride_h * w->input_w * bytes : 0};
  int8_t *patches = in_place ? NULL : scratch;
  int32_t left = w->output_h * w->output_w;
  for (; left >= 2; left -= 2, output += 2 * l.channels) {
    const int8_t *const first = next_patch(p, input, &at, patches);
    const int8_t *const second = next_patch(p, input, &at, patches ? patches + bytes : NULL);
    two_pixels(&l, first, second, output);
  }
  if (left > 0) {
    one_pixel(&l, next_patch(p, input, &at, patches), output);
  }
  return BL_OK;
}
