/* A row of outputs and up to 16 channels at a time. For every column of the map that the row needs,
 * scratch holds four bytes per channel: one from each row of the window. A window of up to four
 * columns is then four words at equal distances: one vector, and one instruction multiplies it by
 * all taps of a channel. Padding is written as input_zero_point, so that the offset can live in the
 * bias. */
#include "depthwise_conv_2d.h"
#include "mve.h"

enum { MOST = 16, FOUR_WORDS = BL_MVE_HEAD + 16 }; /* of filter: head and taps of four channels */

/* Columns of four rows, `rows_step` bytes apart in each, as 4 bytes per channel, `step` bytes from
 * column to column. Only the first `channels` (at most 16) are read. */
static inline int8_t *interleave(const int8_t *const rows[4], const int32_t rows_step[4],
                                 int32_t columns, int32_t channels, int8_t *to, int32_t step) {
  const int8_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
  if (columns > 0) {
    __asm volatile(
        "vctp.8 %[channels]\n\t"
        "dls lr, %[columns]\n"
        "1:\n\t"
        "vpstttt\n\t"
        "vldrbt.8 q0, [%[a]]\n\t"
        "vldrbt.8 q1, [%[b]]\n\t"
        "vldrbt.8 q2, [%[c]]\n\t"
        "vldrbt.8 q3, [%[d]]\n\t"
        "add %[a], %[a_step]\n\t"
        "add %[b], %[b_step]\n\t"
        "add %[c], %[c_step]\n\t"
        "add %[d], %[d_step]\n\t"
        "vst40.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst41.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst42.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst43.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "add %[to], %[step]\n\t"
        "le lr, 1b"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [to] "+r"(to)
        : [a_step] "r"(rows_step[0]), [b_step] "r"(rows_step[1]), [c_step] "r"(rows_step[2]),
          [d_step] "r"(rows_step[3]), [step] "r"(step), [columns] "r"(columns),
          [channels] "r"(channels)
        : "q0", "q1", "q2", "q3", "lr", "memory");
  }
  return to;
}

/* All columns that output row y needs of `channels` channels, the first of them at `input`. */
static void spread(const bl_depthwise_conv_2d_s8 *p, const int8_t *input, int32_t y,
                   int32_t columns, int32_t channels, int8_t *to, int32_t step) {
  const bl_window *w = &p->window;
  const int32_t left = w->pad_left < columns ? w->pad_left : columns;
  const int32_t inside = columns - left < w->input_w ? columns - left : w->input_w;
  int8_t padding[MOST];
  vst1q_s8(padding, vdupq_n_s8((int8_t)p->input_zero_point));
  const int8_t *const outside[4] = {padding, padding, padding, padding}, *rows[4];
  const int32_t stay[4] = {0, 0, 0, 0};
  int32_t steps[4];
  for (int32_t ky = 0; ky < 4; ky++) {
    const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
    const int in_map = ky < w->filter_h && (uint32_t)row < (uint32_t)w->input_h;
    rows[ky] = in_map ? input + row * w->input_w * w->input_c : padding;
    steps[ky] = in_map ? w->input_c : 0;
  }
  to = interleave(outside, stay, left, channels, to, step);
  to = interleave(rows, steps, inside, channels, to, step);
  interleave(outside, stay, columns - left - inside, channels, to, step);
}

/* A row of four channels; `lanes` are those there are, `relu` is a constant. */
static inline __attribute__((always_inline)) void row_of_four(
    const bl_depthwise_conv_2d_s8 *p, const int32_t *filter, const int8_t *from, int32_t x_bytes,
    uint32x4_t columns, mve_pred16_t lanes, int8_t *output, int relu) {
  const int32_t zero_point = p->output_zero_point, next = p->window.output_c;
  const int32x4_t min = vdupq_n_s32(p->activation_min), max = vdupq_n_s32(p->activation_max);
  const int32x4_t bias = vld1q_s32(filter), multiplier = vld1q_s32(filter + 4);
  const int32x4_t shift = vld1q_s32(filter + 8);
  const int8_t *taps = (const int8_t *)(filter + BL_MVE_HEAD);
  const int8x16_t taps_a = vld1q_s8(taps), taps_b = vld1q_s8(taps + 16);
  const int8x16_t taps_c = vld1q_s8(taps + 32), taps_d = vld1q_s8(taps + 48);
  for (int32_t left = p->window.output_w; left > 0; left--, from += x_bytes, output += next) {
    int32x4_t sums = bl_mve_four_dots(from, columns, taps_a, taps_b, taps_c, taps_d);
    sums = bl_mve_requantise(vaddq_s32(sums, bias), multiplier, shift, zero_point, min, max, relu);
    vstrbq_p_s32(output, sums, lanes);
  }
}

bl_status bl_depthwise_conv_2d_s8_mve(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                      int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c != w->input_c || w->filter_h > 4 || w->filter_w > 4) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t channels = w->input_c, step = 4 * (channels < MOST ? channels : MOST);
  const int32_t columns = (w->output_w - 1) * w->stride_w + (w->filter_w - 1) * w->dilation_w + 1;
  if (scratch_bytes < (columns - 1) * step + 4 * MOST) {
    return BL_SCRATCH_TOO_SMALL;
  }
  /* the columns of a window; a tap that is not there is 0 and multiplies the first of them */
  const uint32_t apart = (uint32_t)(w->dilation_w * step);
  const uint32x4_t offsets = {0, w->filter_w > 1 ? apart : 0, w->filter_w > 2 ? 2 * apart : 0,
                              w->filter_w > 3 ? 3 * apart : 0};
  const int relu = p->activation_min >= p->output_zero_point;
  for (int32_t y = 0; y < w->output_h; y++, output += w->output_w * channels) {
    const int32_t *four = filter;
    for (int32_t first = 0; first < channels; first += MOST) {
      const int32_t count = channels - first < MOST ? channels - first : MOST;
      spread(p, input + first, y, columns, count, scratch, step);
      for (int32_t c = 0; c < count; c += 4, four += FOUR_WORDS) {
        const int8_t *from = (const int8_t *)scratch + 4 * c;
        const mve_pred16_t lanes = vctp32q((uint32_t)(count - c));
        if (relu) {
          row_of_four(p, four, from, w->stride_w * step, offsets, lanes, output + first + c, 1);
        } else {
          row_of_four(p, four, from, w->stride_w * step, offsets, lanes, output + first + c, 0);
        }
      }
    }
  }
  return BL_OK;
}
