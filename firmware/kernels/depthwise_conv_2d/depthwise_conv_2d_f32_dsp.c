/* float32, 3x3: the taps of one channel stay in registers while its window slides along a row, so a
 * step loads only the columns that are new. Columns outside of the map are zeros in registers, rows
 * outside are left out. Each sum adds its products in the reference's order. */
#include "depthwise_conv_2d.h"
#include "float32.h"

typedef struct {
  float top, middle, bottom;
} column;

/* One output row of one channel from `rows` input rows, 1 to 3; `rows` and `stride` are constants
 * wherever this is called. */
static inline __attribute__((always_inline)) void slide(const bl_window *w, int32_t rows,
                                                        int32_t stride, const float *input,
                                                        const float *filter, float bias,
                                                        bl_bounds_f32 bounds, float *output) {
  const int32_t step = w->input_c, row = w->input_w * step;
  float t[3][3];
#pragma GCC unroll 3
  for (int32_t ky = 0; ky < rows; ky++) {
#pragma GCC unroll 3
    for (int32_t kx = 0; kx < 3; kx++) {
      t[ky][kx] = filter[(ky * 3 + kx) * step];
    }
  }
  const float *end = input + row; /* one row further is the end of the first row, same channel */
  const float *next = input - w->pad_left * step;
  const column zero = {0, 0, 0};
  column a, b, c;
#define LOAD(to)                                \
  do {                                          \
    if (next >= input && next < end) {          \
      to.top = next[0];                         \
      to.middle = rows > 1 ? next[row] : 0;     \
      to.bottom = rows > 2 ? next[2 * row] : 0; \
    } else {                                    \
      to = zero;                                \
    }                                           \
    next += step;                               \
  } while (0)
#define EMIT(l, m, r)                                                       \
  do {                                                                      \
    float sum = 0.0f;                                                       \
    sum += l.top * t[0][0], sum += m.top * t[0][1], sum += r.top * t[0][2]; \
    if (rows > 1) {                                                         \
      sum += l.middle * t[1][0], sum += m.middle * t[1][1];                 \
      sum += r.middle * t[1][2];                                            \
    }                                                                       \
    if (rows > 2) {                                                         \
      sum += l.bottom * t[2][0], sum += m.bottom * t[2][1];                 \
      sum += r.bottom * t[2][2];                                            \
    }                                                                       \
    bl_store_bounded(output, sum + bias, bounds);                           \
    output += step;                                                         \
    left--;                                                                 \
  } while (0)
  int32_t left = w->output_w;
  LOAD(a);
  if (stride == 1) {
    LOAD(b);
    for (;;) {
      LOAD(c);
      EMIT(a, b, c);
      if (!left) {
        return;
      }
      LOAD(a);
      EMIT(b, c, a);
      if (!left) {
        return;
      }
      LOAD(b);
      EMIT(c, a, b);
      if (!left) {
        return;
      }
    }
  }
  for (;;) {
    LOAD(b);
    LOAD(c);
    EMIT(a, b, c);
    if (!left) {
      return;
    }
    LOAD(b);
    LOAD(a);
    EMIT(c, b, a);
    if (!left) {
      return;
    }
  }
#undef LOAD
#undef EMIT
}

bl_status bl_depthwise_conv_2d_f32_dsp(const bl_depthwise_conv_2d_f32 *p, const float *input,
                                       const float *filter, const float *bias, float *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c != w->input_c || w->filter_h != 3 || w->filter_w != 3 ||
      w->dilation_h != 1 || w->dilation_w != 1 || w->stride_w > 2) {
    return BL_BAD_ARGUMENT;
  }
  const bl_bounds_f32 bounds = bl_bounds(p->activation_min, p->activation_max);
  const int32_t channels = w->input_c;
  for (int32_t y = 0; y < w->output_h; y++, output += w->output_w * channels) {
    int32_t begin, end;
    bl_taps(y, w->stride_h, w->pad_top, 1, 3, w->input_h, &begin, &end);
    const int32_t row = y * w->stride_h - w->pad_top + begin;
    const float *in = input + row * w->input_w * channels, *taps = filter + begin * 3 * channels;
    const int32_t kind = (end - begin) * 2 + w->stride_w;
    for (int32_t c = 0; c < channels; c++) {
      switch (kind) {
        case 1:
        case 2: /* a window that lies outside as a whole */
          for (int32_t x = 0; x < w->output_w; x++) {
            bl_store_bounded(output + x * channels + c, bias[c], bounds);
          }
          break;
        case 3:
          slide(w, 1, 1, in + c, taps + c, bias[c], bounds, output + c);
          break;
        case 4:
          slide(w, 1, 2, in + c, taps + c, bias[c], bounds, output + c);
          break;
        case 5:
          slide(w, 2, 1, in + c, taps + c, bias[c], bounds, output + c);
          break;
        case 6:
          slide(w, 2, 2, in + c, taps + c, bias[c], bounds, output + c);
          break;
        case 7:
          slide(w, 3, 1, in + c, taps + c, bias[c], bounds, output + c);
          break;
        default:
          slide(w, 3, 2, in + c, taps + c, bias[c], bounds, output + c);
      }
    }
  }
  return BL_OK;
}
