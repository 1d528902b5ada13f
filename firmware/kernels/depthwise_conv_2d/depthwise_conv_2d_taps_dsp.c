/* Windows of any shape, four channels of a pixel at a time. A list in scratch says where each tap
 * and its input are, so that the innermost loop needs no rows, columns or edge tests. The list is
 * made again only where the window's part inside the map changes. */
#include "depthwise_conv_2d.h"
#include "dsp.h"

enum { BL_AT_ONCE = 4 }; /* channels */

BL_INLINE int32_t least(int32_t a, int32_t b) {
  return a < b ? a : b;
}

/* Where a tap inside the map is, in bytes from the first such tap's input, and in the filter. */
typedef struct {
  int32_t input, filter;
} bl_tap;

/* The taps of a window. Those outside of the map multiply the zero point and lie behind `edge`. */
typedef struct {
  const bl_tap *taps, *edge, *end;
  int32_t ky_begin, ky_end, kx_begin, kx_end; /* inside the map */
} bl_tap_list;

BL_INLINE void add_products(int32_t *sums, uint32_t inputs_even, uint32_t inputs_odd,
                            uint32_t taps) {
  const uint32_t even = bl_sxtb16(taps), odd = bl_sxtb16_odd(taps);
  sums[0] = bl_smlabb(inputs_even, even, sums[0]);
  sums[1] = bl_smlabb(inputs_odd, odd, sums[1]);
  sums[2] = bl_smlatt(inputs_even, even, sums[2]);
  sums[3] = bl_smlatt(inputs_odd, odd, sums[3]);
}

/* Adds a tap inside the map to four sums. `shared`, a constant: the sums have one input channel in
 * common. */
BL_INLINE void add_tap(int32_t *sums, const bl_tap *tap, const int8_t *from, const int8_t *filter,
                       int shared) {
  const uint32_t taps = bl_load32(filter + tap->filter);
  if (!shared) {
    const uint32_t inputs = bl_load32(from + tap->input);
    add_products(sums, bl_sxtb16(inputs), bl_sxtb16_odd(inputs), taps);
    return;
  }
  const uint32_t input = (uint32_t)from[tap->input];
  const uint32_t even = bl_sxtb16(taps), odd = bl_sxtb16_odd(taps);
  sums[0] = bl_smlabb(input, even, sums[0]);
  sums[1] = bl_smlabb(input, odd, sums[1]);
  sums[2] = bl_smlabt(input, even, sums[2]);
  sums[3] = bl_smlabt(input, odd, sums[3]);
}

BL_INLINE void finish(const bl_depthwise_conv_2d_s8 *p, int32_t sum, const bl_channel *channel,
                      int8_t *output) {
  *output =
      (int8_t)bl_requantise_fast(sum, channel->multiplier, channel->scale, p->output_zero_point, 0);
}

/* Four outputs; `shared` as above. */
BL_INLINE void four_outputs(const bl_depthwise_conv_2d_s8 *p, const bl_tap_list *list,
                            const int8_t *from, const int8_t *filter, const bl_channel *channel,
                            int8_t *output, int shared) {
  int32_t sums[BL_AT_ONCE] = {channel[0].bias, channel[1].bias, channel[2].bias, channel[3].bias};
  const bl_tap *tap = list->taps, *const edge = list->edge, *const end = list->end;
  const int32_t unrolled = shared ? 2 : 4; /* with more, a compiler runs out of registers */
  for (; (edge - tap) % unrolled; tap++) {
    add_tap(sums, tap, from, filter, shared);
  }
  for (; tap != edge; tap += unrolled) {
    add_tap(sums, tap, from, filter, shared);
    add_tap(sums, tap + 1, from, filter, shared);
    if (!shared) {
      add_tap(sums, tap + 2, from, filter, shared);
      add_tap(sums, tap + 3, from, filter, shared);
    }
  }
  if (tap != end) {
    const uint32_t padding = bl_pair(p->input_zero_point, p->input_zero_point);
    for (; (end - tap) % 2; tap++) {
      add_products(sums, padding, padding, bl_load32(filter + tap->filter));
    }
    for (; tap != end; tap += 2) {
      add_products(sums, padding, padding, bl_load32(filter + tap->filter));
      add_products(sums, padding, padding, bl_load32(filter + tap[1].filter));
    }
  }
  finish(p, sums[0], channel, output);
  finish(p, sums[1], channel + 1, output + 1);
  finish(p, sums[2], channel + 2, output + 2);
  finish(p, sums[3], channel + 3, output + 3);
  if (p->activation_min > INT8_MIN || p->activation_max < INT8_MAX) {
    bl_clamp_bytes(output, BL_AT_ONCE, p->activation_min, p->activation_max);
  }
}

/* All outputs of a pixel: one for each input channel. */
static BL_NOINLINE void own_channels(const bl_depthwise_conv_2d_s8 *p, const bl_tap_list *list,
                                     const int8_t *from, const int8_t *filter,
                                     const bl_channel *channels, int8_t *output) {
  const int32_t last = p->window.output_c - BL_AT_ONCE;
  for (int32_t c = 0;; c = least(c + BL_AT_ONCE, last)) {
    four_outputs(p, list, from + c, filter + c, channels + c, output + c, 0);
    if (c == last) {
      return;
    }
  }
}

/* All outputs of a pixel: at least four for each input channel. */
static BL_NOINLINE void shared_channels(const bl_depthwise_conv_2d_s8 *p, const bl_tap_list *list,
                                        const int8_t *from, const int8_t *filter,
                                        const bl_channel *channels, int8_t *output) {
  const int32_t multiplier = p->window.output_c / p->window.input_c;
  int32_t o = 0;
  for (int32_t c = 0; c < p->window.input_c; c++, o += BL_AT_ONCE) {
    const int32_t last = (c + 1) * multiplier - BL_AT_ONCE;
    for (;; o = least(o + BL_AT_ONCE, last)) {
      four_outputs(p, list, from + c, filter + o, channels + o, output + o, 1);
      if (o == last) {
        break;
      }
    }
  }
}

/* Lists `count` taps outside of the map, from the one at `filter` on; returns the next one. */
BL_INLINE int32_t list_outside(bl_tap **outside, int32_t filter, int32_t count, int32_t step) {
  for (bl_tap *const stop = *outside - count; *outside != stop; filter += step) {
    (--*outside)->filter = filter;
  }
  return filter;
}

/* Fills the list for the part of the window that it names. */
static BL_NOINLINE void list_taps(const bl_window *w, bl_tap_list *list, bl_tap *taps) {
  const int32_t step = w->dilation_w * w->input_c, channels = w->output_c;
  const int32_t row_step = w->dilation_h * w->input_w * w->input_c;
  const int32_t columns = list->kx_end - list->kx_begin;
  bl_tap *inside = taps, *outside = taps + w->filter_h * w->filter_w;
  list->taps = taps;
  list->end = outside;
  int32_t filter = 0, row = 0;
  for (int32_t ky = 0; ky < w->filter_h; ky++) {
    if (ky < list->ky_begin || ky >= list->ky_end) {
      filter = list_outside(&outside, filter, w->filter_w, channels);
      continue;
    }
    filter = list_outside(&outside, filter, list->kx_begin, channels);
    int32_t input = row;
    for (const bl_tap *const stop = inside + columns; inside != stop; inside++) {
      inside->input = input;
      inside->filter = filter;
      input += step;
      filter += channels;
    }
    filter = list_outside(&outside, filter, w->filter_w - list->kx_end, channels);
    row += row_step;
  }
  list->edge = inside;
}

bl_status bl_depthwise_conv_2d_s8_taps_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                           const int8_t *filter, const int32_t *channels,
                                           void *scratch, int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c % w->input_c || w->output_c < BL_AT_ONCE ||
      (w->output_c != w->input_c && w->output_c / w->input_c < BL_AT_ONCE)) {
    return BL_BAD_ARGUMENT;
  }
  if (scratch_bytes / (int32_t)sizeof(bl_tap) / w->filter_w < w->filter_h) {
    return BL_SCRATCH_TOO_SMALL;
  }
  const bl_channel *channel = (const bl_channel *)channels;
  bl_tap_list list = {.ky_end = -1};
  for (int32_t y = 0; y < w->output_h; y++) {
    int32_t ky_begin, ky_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky_begin, &ky_end);
    const int32_t row = y * w->stride_h - w->pad_top + ky_begin * w->dilation_h;
    for (int32_t x = 0; x < w->output_w; x++, output += w->output_c) {
      int32_t kx_begin, kx_end;
      bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, w->input_w, &kx_begin,
              &kx_end);
      if (ky_begin != list.ky_begin || ky_end != list.ky_end || kx_begin != list.kx_begin ||
          kx_end != list.kx_end) {
        list.ky_begin = ky_begin, list.ky_end = ky_end;
        list.kx_begin = kx_begin, list.kx_end = kx_end;
        list_taps(w, &list, scratch);
      }
      const int32_t column = x * w->stride_w - w->pad_left + kx_begin * w->dilation_w;
      const int empty = ky_begin == ky_end || kx_begin == kx_end;
      const int8_t *from = empty ? input : input + (row * w->input_w + column) * w->input_c;
      if (w->output_c == w->input_c) {
        own_channels(p, &list, from, filter, channel, output);
      } else {
        shared_channels(p, &list, from, filter, channel, output);
      }
    }
  }
  return BL_OK;
}
