/* float32 with the sums of several pixels and channels in registers. Each sum adds its products in
 * the reference's order. */
#include "conv_2d.h"
#include "float32.h"

enum { PIXELS = 4, CHANNELS = 4, WIDE = 8 };

/* 1x1: four pixels by four channels. */
static void pointwise(const bl_conv_2d_f32 *p, const float *input, const float *filter,
                      const float *bias, float *output) {
  const int32_t input_c = p->window.input_c, output_c = p->window.output_c;
  const bl_bounds_f32 bounds = bl_bounds(p->activation_min, p->activation_max);
  int32_t left = p->window.output_h * p->window.output_w;
  for (; left > 0; left -= PIXELS) {
    /* the rest of 1 to 3 pixels computes the last of them several times */
    const int32_t second = left > 1 ? 1 : 0, third = left > 2 ? 2 : second;
    const int32_t fourth = left > 3 ? 3 : third;
    const float *taps = filter;
    for (int32_t o = 0; o < output_c; o += CHANNELS) {
      const float *in0 = input, *in1 = input + second * input_c;
      const float *in2 = input + third * input_c, *in3 = input + fourth * input_c;
      const float *end = taps + CHANNELS * input_c;
      float s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      float s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
      do {
        const float t0 = taps[0], t1 = taps[1], t2 = taps[2], t3 = taps[3];
        const float a = *in0++, b = *in1++, c = *in2++, d = *in3++;
        s00 += a * t0, s01 += a * t1, s02 += a * t2, s03 += a * t3;
        s10 += b * t0, s11 += b * t1, s12 += b * t2, s13 += b * t3;
        s20 += c * t0, s21 += c * t1, s22 += c * t2, s23 += c * t3;
        s30 += d * t0, s31 += d * t1, s32 += d * t2, s33 += d * t3;
        taps += CHANNELS;
      } while (taps != end);
      const float sums[CHANNELS][PIXELS] = {
          {s00, s10, s20, s30}, {s01, s11, s21, s31}, {s02, s12, s22, s32}, {s03, s13, s23, s33}};
#pragma GCC unroll 4
      for (int32_t k = 0; k < CHANNELS; k++) {
        if (o + k < output_c) {
          float *to = output + o + k;
          bl_store_bounded(to + fourth * output_c, sums[k][3] + bias[o + k], bounds);
          bl_store_bounded(to + third * output_c, sums[k][2] + bias[o + k], bounds);
          bl_store_bounded(to + second * output_c, sums[k][1] + bias[o + k], bounds);
          bl_store_bounded(to, sums[k][0] + bias[o + k], bounds);
        }
      }
    }
    input += PIXELS * input_c;
    output += PIXELS * output_c;
  }
}

/* Any window: one pixel by eight channels. */
static void one_by_one(const bl_conv_2d_f32 *p, const float *input, const float *filter,
                       const float *bias, float *output) {
  const bl_window *w = &p->window;
  const bl_bounds_f32 bounds = bl_bounds(p->activation_min, p->activation_max);
  const int32_t tap_words = WIDE * w->input_c;
  for (int32_t y = 0; y < w->output_h; y++) {
    int32_t ky_begin, ky_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky_begin, &ky_end);
    for (int32_t x = 0; x < w->output_w; x++) {
      int32_t kx_begin, kx_end;
      bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, w->input_w, &kx_begin,
              &kx_end);
      const int32_t run = w->dilation_w == 1 ? kx_end - kx_begin : 1; /* pixels side by side */
      const float *filters = filter;
      for (int32_t o = 0; o < w->output_c; o += WIDE) {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
        for (int32_t ky = ky_begin; ky < ky_end; ky++) {
          const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
          for (int32_t kx = kx_begin; kx < kx_end; kx += run) {
            const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
            const float *in = input + (row * w->input_w + column) * w->input_c;
            const float *end = in + run * w->input_c;
            const float *taps = filters + (ky * w->filter_w + kx) * tap_words;
            do {
              const float a = *in++;
              s0 += a * taps[0], s1 += a * taps[1], s2 += a * taps[2], s3 += a * taps[3];
              s4 += a * taps[4], s5 += a * taps[5], s6 += a * taps[6], s7 += a * taps[7];
              taps += WIDE;
            } while (in != end);
          }
        }
        const float sums[WIDE] = {s0, s1, s2, s3, s4, s5, s6, s7};
#pragma GCC unroll 8
        for (int32_t k = 0; k < WIDE; k++) {
          if (o + k < w->output_c) {
            bl_store_bounded(output + o + k, sums[k] + bias[o + k], bounds);
          }
        }
        filters += w->filter_h * w->filter_w * tap_words;
      }
      output += w->output_c;
    }
  }
}

bl_status bl_conv_2d_f32_dsp(const bl_conv_2d_f32 *p, const float *input, const float *filter,
                             const float *bias, float *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w)) {
    return BL_BAD_ARGUMENT;
  }
  if (bl_window_is_pointwise(w)) {
    pointwise(p, input, filter, bias, output);
  } else {
    one_by_one(p, input, filter, bias, output);
  }
  return BL_OK;
}
