/* Windows of any shape. Up to eight channels of the pixels under a row of windows are copied to
 * planes of their own in scratch, where neighbours along the window's line lie side by side: one
 * vector holds up to 16 of them, and one instruction multiplies them by as many taps. Padding is
 * written as input_zero_point, so that the offset can live in the bias. */
#include "depthwise_conv_2d.h"
#include "mve.h"

enum { MOST = 8, AT_ONCE = 16, HEAD = 3 }; /* channels; bytes of a vector; words of a filter */

/* One axis of the map, in pixels, and what a step along it is in bytes. */
typedef struct {
  int32_t input, output, filter, stride, dilation, pad, input_step, output_step;
} axis;

/* The axis along a line and the one across. A band of `most` rows of windows, along lines, has one
 * plane per channel, of `lines` lines, `pitch` bytes from line to line. */
typedef struct {
  axis along, across;
  int32_t reach, pitch, lines, plane, most;
} layout;

static int32_t reach_of(const axis *a) {
  return (a->filter - 1) * a->dilation + 1;
}

static int32_t vectors_of(const axis *along, const axis *across) {
  return (reach_of(along) + AT_ONCE - 1) / AT_ONCE * across->filter;
}

static layout layout_of(const bl_window *w, int32_t scratch_bytes) {
  const axis rows = {.input = w->input_h,
                     .output = w->output_h,
                     .filter = w->filter_h,
                     .stride = w->stride_h,
                     .dilation = w->dilation_h,
                     .pad = w->pad_top,
                     .input_step = w->input_w * w->input_c,
                     .output_step = w->output_w * w->output_c};
  const axis columns = {.input = w->input_w,
                        .output = w->output_w,
                        .filter = w->filter_w,
                        .stride = w->stride_w,
                        .dilation = w->dilation_w,
                        .pad = w->pad_left,
                        .input_step = w->input_c,
                        .output_step = w->output_c};
  const int upright = vectors_of(&rows, &columns) < vectors_of(&columns, &rows);
  layout l = {.along = upright ? rows : columns, .across = upright ? columns : rows};
  l.reach = reach_of(&l.along);
  l.pitch = ((l.along.output + 3) / 4 * 4 - 1) * l.along.stride + l.reach;
  const int32_t channels = w->input_c < MOST ? w->input_c : MOST;
  const int32_t found =
      scratch_bytes < AT_ONCE ? 0 : (scratch_bytes - AT_ONCE) / l.pitch / channels;
  const int32_t all = (l.across.output - 1) * l.across.stride + reach_of(&l.across);
  l.lines = found < all ? found : all;
  l.plane = l.lines * l.pitch;
  l.most =
      l.lines < reach_of(&l.across) ? 0 : (l.lines - reach_of(&l.across)) / l.across.stride + 1;
  return l;
}

/* `count` pixels, `step` bytes apart, each byte to its plane; returns where the next ones go. */
static inline int8_t *spread(int8_t *to, uint16x8_t planes, const int8_t *from, int32_t step,
                             int32_t count, int32_t channels) {
  if (count > 0) {
    __asm volatile(
        "vctp.16 %[channels]\n\t"
        "dls lr, %[count]\n"
        "1:\n\t"
        "vpstt\n\t"
        "vldrbt.s16 q0, [%[from]]\n\t"
        "vstrbt.16 q0, [%[to], %q[planes]]\n\t"
        "add %[from], %[step]\n\t"
        "add %[to], #1\n\t"
        "le lr, 1b"
        : [to] "+r"(to), [from] "+l"(from)
        : [step] "r"(step), [count] "r"(count), [channels] "r"(channels), [planes] "w"(planes)
        : "q0", "lr", "memory");
  }
  return to;
}

/* The lines of a band that starts with the windows that are `at` across; `input` is the first of
 * the channels. */
static __attribute__((noinline)) void fill_planes(const layout *l, const int8_t *input, int32_t at,
                                                  int32_t channels, int8_t zero, int8_t *to) {
  const axis *along = &l->along, *across = &l->across;
  const uint16x8_t planes = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)l->plane);
  int8_t padding[AT_ONCE];
  vst1q_s8(padding, vdupq_n_s8(zero));
  const int32_t pixels = (along->output - 1) * along->stride + l->reach;
  const int32_t before = along->pad < pixels ? along->pad : pixels, left = pixels - before;
  const int32_t inside = left < along->input ? left : along->input;
  int32_t position = at * across->stride - across->pad;
  for (int32_t k = l->lines; k > 0; k--, position++, to += l->pitch) {
    if ((uint32_t)position >= (uint32_t)across->input) {
      spread(to, planes, padding, 0, pixels, channels);
      continue;
    }
    int8_t *next = spread(to, planes, padding, 0, before, channels);
    const int8_t *from = input + position * across->input_step;
    next = spread(next, planes, from, along->input_step, inside, channels);
    spread(next, planes, padding, 0, left - inside, channels);
  }
}

#define FOUR(next_b, next_c, next_d, next_row)                             \
  "vctp.8 %[width]\n\t"                                                    \
  "dls lr, %[lines]\n"                                                     \
  "1:\n\t"                                                                 \
  "vpst\n\t"                                                               \
  "vldrbt.8 q1, [%[taps]]\n\t"                                             \
  "add %[taps], %[width]\n\t"                                              \
  "vldrb.8 q0, [%[from]]\n\t" next_b "vmladava.s8 %[a], q0, q1\n\t" next_c \
  "vmladava.s8 %[b], q2, q1\n\t" next_d                                    \
  "vmladava.s8 %[c], q0, q1\n\t"                                           \
  "vmladava.s8 %[d], q2, q1\n\t" next_row                                  \
  "le lr, 1b\n\t"                                                          \
  "vmov q0[2], q0[0], %[a], %[c]\n\t"                                      \
  "vmov q0[3], q0[1], %[b], %[d]\n\t"                                      \
  "vmov %q[sums], q0"
#define OPERANDS                                                                   \
  : [sums] "=w"(sums), [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d),            \
    [from] "+&r"(from), [taps] "+&r"(taps)                                                    \
  : [width] "r"(width), [lines] "r"(lines), [step] "r"(step), [next] "r"(next)                \
  : "q0", "q1", "q2", "lr", "memory"

/* Four windows from their biases on, `step` bytes apart: `lines` lines of up to 16 taps each. */
static inline int32x4_t four_windows(const int8_t *from, int32_t step, int32_t next, int32_t lines,
                                     const int8_t *taps, int32_t width, int32_t bias) {
  int32_t a = bias, b = bias, c = bias, d = bias;
  int32x4_t sums;
  if (step == 1) {
    __asm volatile(FOUR("vldrb.8 q2, [%[from], #1]\n\t", "vldrb.8 q0, [%[from], #2]\n\t",
                        "vldrb.8 q2, [%[from], #3]\n\t", "add %[from], %[next]\n\t") OPERANDS);
  } else {
    __asm volatile(FOUR("add %[from], %[step]\n\tvldrb.8 q2, [%[from]]\n\t",
                        "add %[from], %[step]\n\tvldrb.8 q0, [%[from]]\n\t",
                        "add %[from], %[step]\n\tvldrb.8 q2, [%[from]]\n\t",
                        "add %[from], %[next]\n\t") OPERANDS);
  }
  return sums;
}
#undef FOUR
#undef OPERANDS

/* Four windows of a single line, whose taps are in a vector. */
static inline int32x4_t four_lines(const int8_t *from, int32_t step, int8x16_t taps) {
  int32_t a, b, c, d;
  const int8_t *const from_b = from + step, *const from_c = from_b + step;
  const int8_t *const from_d = from_c + step;
  int32x4_t sums;
  __asm volatile(
      "vldrb.8 q0, [%[from]]\n\t"
      "vldrb.8 q1, [%[from_b]]\n\t"
      "vmladav.s8 %[a], q0, %q[taps]\n\t"
      "vldrb.8 q0, [%[from_c]]\n\t"
      "vmladav.s8 %[b], q1, %q[taps]\n\t"
      "vldrb.8 q1, [%[from_d]]\n\t"
      "vmladav.s8 %[c], q0, %q[taps]\n\t"
      "vmladav.s8 %[d], q1, %q[taps]\n\t"
      "vmov %q[sums][2], %q[sums][0], %[a], %[c]\n\t"
      "vmov %q[sums][3], %q[sums][1], %[b], %[d]"
      : [sums] "=&w"(sums), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), [d] "=&Te"(d)
      : [from] "r"(from), [from_b] "r"(from_b), [from_c] "r"(from_c), [from_d] "r"(from_d),
        [taps] "w"(taps)
      : "q0", "q1", "memory");
  return sums;
}

/* What all lines of outputs have in common, and where they go. */
typedef struct {
  int32_t step, next, lines, reach, count, apart, zero_point;
  int8_t min, max;
} line;

/* What four outputs of a channel have in common, loaded once for a line. */
typedef struct {
  uint32x4_t places;
  int32x4_t min, max;
  int32_t multiplier, shift, away, zero_point;
} scaling;

static inline scaling scaling_of(const line *l, const int32_t *filter) {
  return (scaling){
      .places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)l->apart),
      .min = vdupq_n_s32(l->min),
      .max = vdupq_n_s32(l->max),
      .multiplier = filter[1],
      .shift = filter[2],
      .away = filter[2] < 0,
      .zero_point = l->zero_point,
  };
}

/* Writes the first `left` of four outputs; a sum's shift is at most 0. */
static inline void put(const scaling *s, int32x4_t sums, int32_t left, int8_t *output) {
  const int32x4_t scaled = vqrdmulhq_n_s32(sums, s->multiplier);
  const int32x4_t ties = vmlaq_n_s32(scaled, vshrq_n_s32(scaled, 31), s->away);
  const int32x4_t x = vaddq_n_s32(vrshlq_n_s32(ties, s->shift), s->zero_point);
  const int32x4_t bounded = vminq_s32(vmaxq_s32(x, s->min), s->max);
  vstrbq_scatter_offset_p_s32(output, s->places, bounded, vctp32q((uint32_t)left));
}

/* A line of outputs of some channels from their planes; a window is one line of up to 16 taps. All
 * channels at once, because a line may be as short as a single output. */
static __attribute__((noinline)) void line_of_lines(const layout *l, const line *each,
                                                    const int8_t *plane, int32_t channels,
                                                    int32_t multiplier, const int32_t *filter,
                                                    int8_t *output) {
  const int32_t step = each->step, fours = 4 * each->apart;
  const int32_t words = HEAD + (l->reach + 3) / 4;
  scaling s = scaling_of(each, filter);
  for (; channels > 0; channels--, plane += l->plane) {
    for (int32_t k = multiplier; k > 0; k--, filter += words, output++) {
      const int8x16_t taps =
          vldrbq_z_s8((const int8_t *)(filter + HEAD), vctp8q((uint32_t)l->reach));
      const int8_t *from = plane;
      int8_t *to = output;
      const int32_t bias = filter[0];
      s.multiplier = filter[1], s.shift = filter[2], s.away = filter[2] < 0;
      for (int32_t left = each->count; left > 0; left -= 4, from += 4 * step, to += fours) {
        put(&s, vaddq_n_s32(four_lines(from, step, taps), bias), left, to);
      }
    }
  }
}

/* A line of outputs of one channel from its plane, for any window. */
static __attribute__((noinline)) void line_of_windows(const line *l, const int8_t *from,
                                                      const int32_t *filter, int8_t *output) {
  const scaling s = scaling_of(l, filter);
  for (int32_t left = l->count; left > 0; left -= 4, from += 4 * l->step) {
    const int8_t *taps = (const int8_t *)(filter + HEAD);
    int32_t width = l->reach < AT_ONCE ? l->reach : AT_ONCE;
    int32x4_t sums = four_windows(from, l->step, l->next, l->lines, taps, width, filter[0]);
    for (int32_t done = AT_ONCE; done < l->reach; done += AT_ONCE) {
      taps += l->lines * width;
      width = l->reach - done < AT_ONCE ? l->reach - done : AT_ONCE;
      const int32x4_t more = four_windows(from + done, l->step, l->next, l->lines, taps, width, 0);
      sums = vaddq_s32(sums, more);
    }
    put(&s, sums, left, output);
    output += 4 * l->apart;
  }
}

/* A band of `rows` rows of windows, `channels` channels from their planes. */
static void band(const layout *l, const line *each, const int8_t *plane, int32_t rows,
                 int32_t channels, int32_t multiplier, const int32_t **filter, int8_t *output) {
  const int32_t words = HEAD + (l->across.filter * l->reach + 3) / 4;
  if (l->across.filter == 1 && l->reach <= AT_ONCE) {
    for (int32_t row = rows; row > 0; row--, output += l->across.output_step) {
      line_of_lines(l, each, plane, channels, multiplier, *filter, output);
      plane += l->across.stride * l->pitch;
    }
    *filter += channels * multiplier * words;
    return;
  }
  for (; channels > 0; channels--, plane += l->plane) {
    for (int32_t k = multiplier; k > 0; k--, *filter += words, output++) {
      const int8_t *from = plane;
      int8_t *to = output;
      for (int32_t row = rows; row > 0; row--, to += l->across.output_step) {
        line_of_windows(each, from, *filter, to);
        from += l->across.stride * l->pitch;
      }
    }
  }
}

bl_status bl_depthwise_conv_2d_s8_lines_mve(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                            const int32_t *filter, void *scratch,
                                            int32_t scratch_bytes, int8_t *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c % w->input_c) {
    return BL_BAD_ARGUMENT;
  }
  const layout l = layout_of(w, scratch_bytes);
  if (l.plane > UINT16_MAX / MOST) {
    return BL_BAD_ARGUMENT;
  }
  if (l.most == 0) {
    return BL_SCRATCH_TOO_SMALL;
  }
  const int32_t multiplier = w->output_c / w->input_c, outputs = l.across.output;
  const line each = {
      .step = l.along.stride,
      .next = l.across.dilation * l.pitch - (l.along.stride == 1 ? 0 : 3 * l.along.stride),
      .lines = l.across.filter,
      .reach = l.reach,
      .count = l.along.output,
      .apart = l.along.output_step,
      .zero_point = p->output_zero_point,
      .min = (int8_t)p->activation_min,
      .max = (int8_t)p->activation_max};
  for (int32_t at = 0; at < outputs; at += l.most, output += l.most * l.across.output_step) {
    const int32_t *channel = filter, rows = outputs - at < l.most ? outputs - at : l.most;
    for (int32_t c = 0; c < w->input_c; c += MOST) {
      const int32_t count = w->input_c - c < MOST ? w->input_c - c : MOST;
      fill_planes(&l, input + c, at, count, (int8_t)p->input_zero_point, scratch);
      band(&l, &each, scratch, rows, count, multiplier, &channel, output + c * multiplier);
    }
  }
  return BL_OK;
}
