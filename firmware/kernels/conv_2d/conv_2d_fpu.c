/* float32, four pixels by four channels of sums in registers. The pixels of a block lie side by
 * side and have the same taps inside the map; where fewer do, the last of them is computed several
 * times. Each sum adds its products in the reference's order; without an activation, one beyond
 * float32 stays infinite. */
#include "conv_2d.h"
#include "float32.h"

enum { PIXELS = 4, CHANNELS = 4 };

/* Values that blocks share until `place` or `choose_taps` is called again, in elements. A span is
 * input that lies side by side, and so do its taps. */
typedef struct {
  int32_t in1, in2, in3; /* the other pixels, from the first */
  int32_t out1, out2, out3;
  int32_t rows, spans;   /* inside of the map: rows of taps, and spans in each */
  int32_t span;          /* taps of a span, CHANNELS at a time */
  int32_t span_step;     /* in the input */
  int32_t row_step;      /* in the input, from the end of a row's last span */
  int32_t skipped;       /* taps from row to row */
  int32_t input, filter; /* the first tap, from where tap (0, 0) lies or would lie */
  int32_t filter_size;   /* of CHANNELS channels */
  int32_t output_c;
  int32_t next; /* input of the next block */
  int32_t high; /* bl_bounds_f32 */
} block;

/* Up to 4 channels of a block. `channels` is how many are computed, `count` how many exist; it,
 * `three` (the span has 3 taps) and `bounded` are constants wherever this is called. What lies
 * behind pointers is read once: for all the compiler knows, the output might be the same memory. */
static inline __attribute__((always_inline)) void some_channels(const block *b, int32_t channels,
                                                                int32_t count, int three,
                                                                int bounded, const float *input,
                                                                const float *taps,
                                                                const float *bias, float *output) {
  const int32_t in1 = b->in1, in2 = b->in2, in3 = b->in3;
  float s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  float s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
#define TAP()                                                         \
  do {                                                                \
    const float a0 = *at0++, a1 = *at1++, a2 = *at2++, a3 = *at3++;   \
    const float t0 = taps[0], t1 = taps[1], t2 = taps[2];             \
    s00 += a0 * t0, s01 += a0 * t1, s02 += a0 * t2;                   \
    s10 += a1 * t0, s11 += a1 * t1, s12 += a1 * t2;                   \
    s20 += a2 * t0, s21 += a2 * t1, s22 += a2 * t2;                   \
    s30 += a3 * t0, s31 += a3 * t1, s32 += a3 * t2;                   \
    if (channels > 3) {                                               \
      const float t3 = taps[3];                                       \
      s03 += a0 * t3, s13 += a1 * t3, s23 += a2 * t3, s33 += a3 * t3; \
    }                                                                 \
    taps += CHANNELS;                                                 \
  } while (0)
  for (int32_t rows = b->rows; rows > 0; rows--) {
    int32_t spans = three ? 1 : b->spans;
    do {
      const float *at0 = input, *at1 = at0 + in1, *at2 = at0 + in2, *at3 = at0 + in3;
      if (three) {
        TAP();
        TAP();
        TAP();
      } else {
        const float *end = taps + b->span;
        do {
          TAP();
        } while (taps != end);
      }
      input += b->span_step;
    } while (--spans > 0);
    input += b->row_step, taps += b->skipped;
  }
#undef TAP
  const float sums[CHANNELS][PIXELS] = {
      {s00, s10, s20, s30}, {s01, s11, s21, s31}, {s02, s12, s22, s32}, {s03, s13, s23, s33}};
  float *to1 = output + b->out1, *to2 = output + b->out2, *to3 = output + b->out3;
  const int32_t high = b->high;
#pragma GCC unroll 4
  for (int32_t k = 0; k < channels; k++) {
    if (k >= count) {
      break;
    }
    const float offset = bias[k];
    if (bounded) {
      bl_store_positive(to3 + k, sums[k][3] + offset, high);
      bl_store_positive(to2 + k, sums[k][2] + offset, high);
      bl_store_positive(to1 + k, sums[k][1] + offset, high);
      bl_store_positive(output + k, sums[k][0] + offset, high);
    } else {
      to3[k] = sums[k][3] + offset;
      to2[k] = sums[k][2] + offset;
      to1[k] = sums[k][1] + offset;
      output[k] = sums[k][0] + offset;
    }
  }
}

/* All channels of blocks side by side; input is where tap (0, 0) of the first pixel lies or would
 * lie. Two functions: the compiler runs out of registers where they are one. */
#define ALL_CHANNELS(name, bounded)                                                              \
  static __attribute__((noinline)) void name(const block *b, int32_t blocks, const float *input, \
                                             const float *filter, const float *bias,             \
                                             float *output) {                                    \
    const int32_t rest = b->output_c % CHANNELS, whole = b->output_c - rest;                     \
    const int three = rest == 3 && b->span == 3 * CHANNELS && b->spans == 1;                     \
    for (input += b->input, filter += b->filter; blocks > 0; blocks--) {                         \
      const float *taps = filter;                                                                \
      for (int32_t o = 0; o < whole; o += CHANNELS, taps += b->filter_size) {                    \
        some_channels(b, CHANNELS, CHANNELS, 0, bounded, input, taps, bias + o, output + o);     \
      }                                                                                          \
      if (!(bounded) && three) {                                                                 \
        some_channels(b, 3, 3, 1, bounded, input, taps, bias + whole, output + whole);           \
      } else if (rest > 0) {                                                                     \
        some_channels(b, 3, rest, 0, bounded, input, taps, bias + whole, output + whole);        \
      }                                                                                          \
      input += b->next, output += PIXELS * b->output_c;                                          \
    }                                                                                            \
  }
ALL_CHANNELS(all_bounded, 1)
ALL_CHANNELS(all_unbounded, 0)

/* The places of the pixels of a block of `count`. */
static void place(block *b, int32_t count, int32_t input_step) {
  const int32_t second = count > 1 ? 1 : 0, third = count > 2 ? 2 : second;
  const int32_t fourth = count > 3 ? 3 : third;
  b->in1 = second * input_step, b->in2 = third * input_step, b->in3 = fourth * input_step;
  b->out1 = second * b->output_c, b->out2 = third * b->output_c, b->out3 = fourth * b->output_c;
}

/* Rows of taps from ky_begin and columns from kx_begin are inside of the map. */
static void choose_taps(block *b, const bl_window *w, int32_t ky_begin, int32_t ky_end,
                        int32_t kx_begin, int32_t kx_end) {
  const int32_t columns = kx_end - kx_begin, together = w->dilation_w == 1;
  const int32_t row = w->input_w * w->dilation_h * w->input_c;
  b->rows = columns > 0 ? ky_end - ky_begin : 0;
  b->spans = together ? 1 : columns;
  b->span = (together ? columns : 1) * w->input_c * CHANNELS;
  b->span_step = w->dilation_w * w->input_c;
  b->row_step = row - b->spans * b->span_step;
  b->skipped = (w->filter_w - columns) * w->input_c * CHANNELS;
  b->input = ky_begin * row + kx_begin * b->span_step;
  b->filter = (ky_begin * w->filter_w + kx_begin) * w->input_c * CHANNELS;
}

bl_status bl_conv_2d_f32_fpu(const bl_conv_2d_f32 *p, const float *input, const float *filter,
                             const float *bias, float *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  /* rows without a border between them are one row */
  const int pointwise = bl_window_is_pointwise(w);
  const int32_t height = pointwise ? 1 : w->output_h;
  const int32_t width = pointwise ? w->output_h * w->output_w : w->output_w;
  const int32_t input_w = pointwise ? width : w->input_w;
  const int32_t last = input_w + w->pad_left - (w->filter_w - 1) * w->dilation_w - 1;
  const int32_t inside_begin = (w->pad_left + w->stride_w - 1) / w->stride_w;
  int32_t inside_end = last < 0 ? 0 : last / w->stride_w + 1;
  inside_end = inside_end < width ? inside_end : width;
  const int32_t step = w->stride_w * w->input_c;
  block b = {.filter_size = w->filter_h * w->filter_w * w->input_c * CHANNELS,
             .output_c = w->output_c,
             .next = PIXELS * step,
             .high = bl_bounds(p->activation_min, p->activation_max).high};
  const int bounded = p->activation_min == 0.0f;
  int32_t placed = 0;
  for (int32_t y = 0; y < height; y++) {
    int32_t ky_begin, ky_end, kx_begin, kx_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky_begin, &ky_end);
    const float *row = input + (y * w->stride_h - w->pad_top) * w->input_w * w->input_c;
    int whole = 0; /* whether all columns of taps are chosen */
    for (int32_t x = 0, count, blocks; x < width; x += count) {
      if (x >= inside_begin && x < inside_end) {
        blocks = (inside_end - x) / PIXELS;
        count = blocks ? blocks * PIXELS : inside_end - x;
        if (!whole) {
          choose_taps(&b, w, ky_begin, ky_end, 0, w->filter_w);
          whole = 1;
        }
      } else {
        blocks = 0, count = 1;
        bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, input_w, &kx_begin,
                &kx_end);
        choose_taps(&b, w, ky_begin, ky_end, kx_begin, kx_end);
        whole = 0;
      }
      const int32_t pixels = blocks ? PIXELS : count; /* of a block */
      if (pixels != placed) {
        place(&b, pixels, step);
        placed = pixels;
      }
      blocks = blocks ? blocks : 1;
      const float *at = row + x * step - w->pad_left * w->input_c;
      if (bounded) {
        all_bounded(&b, blocks, at, filter, bias, output);
      } else {
        all_unbounded(&b, blocks, at, filter, bias, output);
      }
      output += count * w->output_c;
    }
  }
  return BL_OK;
}
