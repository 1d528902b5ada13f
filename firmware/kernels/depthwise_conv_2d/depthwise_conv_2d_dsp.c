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

/* One row of four channels, `pairs` long; row is NULL outside of the map. */
static uint32_t *widen_row(const bl_window *w, const int8_t *row, uint32_t padding, int32_t pairs,
                           uint32_t *to) {
  int32_t k = 0, x = -w->pad_left;
  for (; k < pairs && (!row || x < 0); k++, x += 2, to += GROUP) {
    const int32_t inside = row && x + 1 >= 0 && x + 1 < w->input_w;
    widen_pair(to, padding, inside ? bl_load32(row + (x + 1) * w->input_c) : padding);
  }
  const int8_t *from = row + x * w->input_c;
  for (; k < pairs && x + 1 < w->input_w; k++, x += 2, to += GROUP) {
    widen_pair(to, bl_load32(from), bl_load32(from + w->input_c));
    from += 2 * w->input_c;
  }
  for (; k < pairs; k++, x += 2, to += GROUP) {
    widen_pair(to, x < w->input_w ? bl_load32(row + x * w->input_c) : padding, padding);
  }
  return to;
}

/* What the outputs of one channel share. */
typedef struct {
  uint32_t taps[6]; /* row by row (0, 1), (1, 2) */
  int32_t bias, multiplier, rounding, right;
  int32_t row_words; /* from row to row of the scratch */
  int32_t stride;    /* from output pixel to output pixel */
} lane;

/* Sums to bytes; the last output first, so that a rest of 1 or 3 may point it at the one before. */
BL_INLINE void store(const lane *l, const int32_t *sums, int32_t count, int8_t *output,
                     int8_t *last) {
  *last = (int8_t)bl_requantise_fast(sums[count - 1], l->multiplier, l->rounding, l->right);
  for (int32_t i = count - 2; i >= 0; i--) {
    output[i * l->stride] =
        (int8_t)bl_requantise_fast(sums[i], l->multiplier, l->rounding, l->right);
  }
}

/* `count` outputs, 2 or 4, from column 0 of `pairs`. */
BL_INLINE void step_by_one(const lane *l, const uint32_t *pairs, int32_t count, int8_t *output,
                           int8_t *last) {
  int32_t sums[4] = {l->bias, l->bias, l->bias, l->bias};
  for (int32_t ky = 0; ky < 3; ky++, pairs += l->row_words) {
    const uint32_t taps01 = l->taps[2 * ky], taps12 = l->taps[2 * ky + 1];
    uint32_t here = pairs[0];
    for (int32_t i = 0; i < count; i += 2) {
      const uint32_t next = pairs[(i / 2 + 1) * GROUP];
      sums[i] = bl_smlad(here, taps01, sums[i]);
      sums[i + 1] = bl_smlatb(here, taps01, sums[i + 1]);
      sums[i] = bl_smlabt(next, taps12, sums[i]);
      sums[i + 1] = bl_smlad(next, taps12, sums[i + 1]);
      here = next;
    }
  }
  store(l, sums, count, output, last);
}

BL_INLINE void step_by_two(const lane *l, const uint32_t *pairs, int32_t count, int8_t *output,
                           int8_t *last) {
  int32_t sums[4] = {l->bias, l->bias, l->bias, l->bias};
  for (int32_t ky = 0; ky < 3; ky++, pairs += l->row_words) {
    const uint32_t taps01 = l->taps[2 * ky], taps12 = l->taps[2 * ky + 1];
    uint32_t here = pairs[0];
    for (int32_t i = 0; i < count; i++) {
      const uint32_t next = pairs[(i + 1) * GROUP];
      sums[i] = bl_smlad(here, taps01, sums[i]);
      sums[i] = bl_smlabt(next, taps12, sums[i]);
      here = next;
    }
  }
  store(l, sums, count, output, last);
}

/* One output row of one channel. */
BL_INLINE void output_row(const lane *l, const uint32_t *pairs, int32_t left, int32_t stride_w,
                          int8_t *output) {
  const int32_t four = stride_w == 1 ? 2 * GROUP : 4 * GROUP; /* words that four outputs move on */
  for (; left >= 3; left -= 4) {
    int8_t *last = output + (left == 3 ? 2 : 3) * l->stride;
    if (stride_w == 1) {
      step_by_one(l, pairs, 4, output, last);
    } else {
      step_by_two(l, pairs, 4, output, last);
    }
    pairs += four;
    output += 4 * l->stride;
  }
  if (left > 0) {
    int8_t *last = output + (left - 1) * l->stride;
    if (stride_w == 1) {
      step_by_one(l, pairs, 2, output, last);
    } else {
      step_by_two(l, pairs, 2, output, last);
    }
  }
}

/* `rows` output rows of channel `c`, whose pairs start at `pairs`. */
static void channel_band(const bl_depthwise_conv_2d_s8 *p, const uint32_t *filter,
                         const bl_channel *channel, const uint32_t *pairs, int32_t row_words,
                         int32_t rows, int8_t *output) {
  const bl_window *w = &p->window;
  lane l = {.bias = channel->bias,
            .multiplier = channel->multiplier,
            .rounding = bl_rounding(p->output_zero_point, channel->right),
            .right = channel->right,
            .row_words = row_words,
            .stride = w->output_c};
  for (int32_t ky = 0; ky < 3; ky++) {
    l.taps[2 * ky] = bl_sxtb16(filter[ky]);
    l.taps[2 * ky + 1] = bl_sxtb16_odd(filter[ky]);
  }
  for (int32_t r = 0; r < rows; r++) {
    if (w->stride_w == 1) {
      output_row(&l, pairs, w->output_w, 1, output);
    } else {
      output_row(&l, pairs, w->output_w, 2, output);
    }
    pairs += w->stride_h * row_words;
    output += w->output_w * w->output_c;
  }
}

bl_status bl_depthwise_conv_2d_s8_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int32_t *filter, const int32_t *channels,
                                      void *scratch, int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c != w->input_c || w->input_c < GROUP ||
      w->filter_h != 3 || w->filter_w != 3 || w->dilation_h != 1 || w->dilation_w != 1 ||
      w->stride_w > 2) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t pairs = (w->output_w + 1) / 2 * w->stride_w + 1;
  const int32_t row_words = pairs * GROUP;
  const int32_t scratch_rows = scratch_bytes / (4 * row_words);
  if (scratch_rows < 3) {
    return BL_SCRATCH_TOO_SMALL;
  }
  const int32_t band = (scratch_rows - 3) / w->stride_h + 1; /* output rows */
  const uint32_t *taps = (const uint32_t *)filter;
  const bl_channel *channel = (const bl_channel *)channels;
  const uint32_t padding = UINT32_C(0x01010101) * (uint8_t)p->input_zero_point;
  const int32_t narrow = p->activation_min > INT8_MIN || p->activation_max < INT8_MAX;
  const int32_t output_row_bytes = w->output_w * w->output_c;
  for (int32_t y = 0; y < w->output_h; y += band) {
    const int32_t rows = w->output_h - y < band ? w->output_h - y : band;
    for (int32_t done = 0; done < w->input_c;) {
      /* the last group may start at channels that are done, so that it never reads beyond a row */
      const int32_t first = w->input_c - done < GROUP ? w->input_c - GROUP : done;
      uint32_t *to = scratch;
      int32_t row = y * w->stride_h - w->pad_top;
      for (int32_t r = 0; r < (rows - 1) * w->stride_h + 3; r++, row++) {
        const int32_t outside = row < 0 || row >= w->input_h;
        const int8_t *from = outside ? NULL : input + row * w->input_w * w->input_c + first;
        to = widen_row(w, from, padding, pairs, to);
      }
      for (; done < first + GROUP; done++) {
        channel_band(p, taps + 3 * done, channel + done, (uint32_t *)scratch + done - first,
                     row_words, rows, output + done);
      }
    }
    if (narrow) {
      bl_clamp_bytes(output, rows * output_row_bytes, p->activation_min, p->activation_max);
    }
    output += rows * output_row_bytes;
  }
  return BL_OK;
}
