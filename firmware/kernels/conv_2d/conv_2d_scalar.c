/* Two output pixels and two output channels at a time. The patches under the pixels are copied into
 * scratch once, padding as input_zero_point; a 1x1 convolution reads its pixels where they are. */
#include <string.h>

#include "conv_2d.h"
#include "requantise.h"
#include "scalar.h"

#define NOINLINE __attribute__((noinline)) /* the registers are for the loops inside */

/* The patch under output pixel (y, x), as the filter lies: H, W, C. */
static void gather(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x, int8_t *to) {
  const bl_window *w = &p->window;
  const int32_t run = w->dilation_w == 1 ? w->filter_w : 1; /* taps that lie side by side */
  const int32_t channels = w->input_c;
  for (int32_t ky = 0; ky < w->filter_h; ky++) {
    const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
    for (int32_t kx = 0; kx < w->filter_w; kx += run, to += run * channels) {
      const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
      const int32_t begin = column < 0 ? -column : 0;
      const int32_t end = column + run > w->input_w ? w->input_w - column : run;
      const int in_map = row >= 0 && row < w->input_h && begin < end;
      if (!in_map || end - begin < run) {
        memset(to, p->input_zero_point, (size_t)(run * channels));
      }
      if (in_map) {
        memcpy(to + begin * channels, input + (row * w->input_w + column + begin) * channels,
               (size_t)((end - begin) * channels));
      }
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
    uint32_t first = (uint32_t)l->bias[o], second = first;
    bl_two_dots(row, a, b, bytes, &first, &second);
    store_two(l, first, second, o, output);
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
  const int32_t pixels = w->output_h * w->output_w;
  int8_t *patches = scratch;
  int32_t y = 0, x = 0;
  for (int32_t left = pixels, count; left > 0; left -= count, output += count * l.channels) {
    const int8_t *patch[2] = {patches, patches + bytes};
    count = left < 2 ? 1 : 2;
    for (int32_t k = 0; k < count; k++) {
      if (in_place) {
        patch[k] = input + (y * w->stride_h * w->input_w + x * w->stride_w) * bytes;
      } else {
        gather(p, input, y, x, patches + k * bytes);
      }
      if (++x == w->output_w) {
        x = 0;
        y++;
      }
    }
    if (count == 2) {
      two_pixels(&l, patch[0], patch[1], output);
    } else {
      one_pixel(&l, patch[0], output);
    }
  }
  return BL_OK;
}
