/* float32, four pixels by four channels of sums in registers. The pixels of a block lie side by
 * side and have the same taps inside the map; where fewer do, the last of them is computed several
 * times. Each sum adds its products in the reference's order. */
#include "conv_2d.h"
#include "float32.h"

enum { PIXELS = 4, CHANNELS = 4 };

/* Where the pixels of a block are, in elements from the first; and the taps inside the map. */
typedef struct {
  int32_t in1, in2, in3;
  int32_t out1, out2, out3;
  int32_t ky_begin, ky_end, kx_begin, kx_end;
} block;

/* All channels of a block; input is where tap (0, 0) of its first pixel lies or would lie. */
static __attribute__((noinline)) void all_channels(const bl_conv_2d_f32 *p, const block *b,
                                                   const float *input, const float *filter,
                                                   const float *bias, float *output) {
  const bl_window *w = &p->window;
  const bl_bounds_f32 bounds = bl_bounds(p->activation_min, p->activation_max);
  const int32_t input_c = w->input_c, output_c = w->output_c;
  const int32_t run = w->dilation_w == 1 ? b->kx_end - b->kx_begin : 1; /* pixels side by side */
  for (int32_t o = 0; o < output_c; o += CHANNELS) {
    float s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
    float s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
    for (int32_t ky = b->ky_begin; ky < b->ky_end; ky++) {
      for (int32_t kx = b->kx_begin; kx < b->kx_end; kx += run) {
        const float *in0 = input + (ky * w->dilation_h * w->input_w + kx * w->dilation_w) * input_c;
        const float *in1 = in0 + b->in1, *in2 = in0 + b->in2, *in3 = in0 + b->in3;
        const float *taps = filter + (ky * w->filter_w + kx) * input_c * CHANNELS;
        const float *end = taps + run * input_c * CHANNELS;
        do {
          const float t0 = taps[0], t1 = taps[1], t2 = taps[2], t3 = taps[3];
          const float a0 = *in0++, a1 = *in1++, a2 = *in2++, a3 = *in3++;
          s00 += a0 * t0, s01 += a0 * t1, s02 += a0 * t2, s03 += a0 * t3;
          s10 += a1 * t0, s11 += a1 * t1, s12 += a1 * t2, s13 += a1 * t3;
          s20 += a2 * t0, s21 += a2 * t1, s22 += a2 * t2, s23 += a2 * t3;
          s30 += a3 * t0, s31 += a3 * t1, s32 += a3 * t2, s33 += a3 * t3;
          taps += CHANNELS;
        } while (taps != end);
      }
    }
    filter += w->filter_h * w->filter_w * input_c * CHANNELS;
    const float sums[CHANNELS][PIXELS] = {
        {s00, s10, s20, s30}, {s01, s11, s21, s31}, {s02, s12, s22, s32}, {s03, s13, s23, s33}};
#pragma GCC unroll 4
    for (int32_t k = 0; k < CHANNELS; k++) {
      if (o + k < output_c) {
        float *to = output + o + k;
        bl_store_bounded(to + b->out3, sums[k][3] + bias[o + k], bounds);
        bl_store_bounded(to + b->out2, sums[k][2] + bias[o + k], bounds);
        bl_store_bounded(to + b->out1, sums[k][1] + bias[o + k], bounds);
        bl_store_bounded(to, sums[k][0] + bias[o + k], bounds);
      }
    }
  }
}

static void place(block *b, int32_t count, int32_t input_step, int32_t output_step) {
  const int32_t second = count > 1 ? 1 : 0, third = count > 2 ? 2 : second;
  const int32_t fourth = count > 3 ? 3 : third;
  b->in1 = second * input_step, b->in2 = third * input_step, b->in3 = fourth * input_step;
  b->out1 = second * output_step, b->out2 = third * output_step, b->out3 = fourth * output_step;
}

bl_status bl_conv_2d_f32_dsp(const bl_conv_2d_f32 *p, const float *input, const float *filter,
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
  block b;
  int32_t placed = 0;
  for (int32_t y = 0; y < height; y++) {
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &b.ky_begin,
            &b.ky_end);
    const float *row = input + (y * w->stride_h - w->pad_top) * w->input_w * w->input_c;
    for (int32_t x = 0, count; x < width; x += count) {
      if (x >= inside_begin && x < inside_end) {
        b.kx_begin = 0, b.kx_end = w->filter_w;
        count = inside_end - x < PIXELS ? inside_end - x : PIXELS;
      } else {
        bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, input_w, &b.kx_begin,
                &b.kx_end);
        count = 1;
      }
      if (count != placed) {
        place(&b, count, step, w->output_c);
        placed = count;
      }
      all_channels(p, &b, row + x * step - w->pad_left * w->input_c, filter, bias, output);
      output += count * w->output_c;
    }
  }
  return BL_OK;
}
