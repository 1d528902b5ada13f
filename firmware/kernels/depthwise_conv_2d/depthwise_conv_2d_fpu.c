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
  const float *top = input - w->pad_left * step, *middle = top + row, *bottom = middle + row;
  const column zero = {0, 0, 0};
  column a, b, c;
#define LOAD(to)                        \
  do {                                  \
    to.top = *top;                      \
    to.middle = rows > 1 ? *middle : 0; \
    to.bottom = rows > 2 ? *bottom : 0; \
    SKIP();                             \
  } while (0)
#define SKIP() (top += step, middle += step, bottom += step)
#define LOAD_OR_ZERO(to)             \
  do {                               \
    if (top >= input && top < end) { \
      LOAD(to);                      \
    } else {                         \
      to = zero;                     \
      SKIP();                        \
    }                                \
  } while (0)
#define EMIT(l, m, r)                                       \
  do {                                                      \
    float sum = l.top * t[0][0];                            \
    sum += m.top * t[0][1], sum += r.top * t[0][2];         \
    if (rows > 1) {                                         \
      sum += l.middle * t[1][0], sum += m.middle * t[1][1]; \
      sum += r.middle * t[1][2];                            \
    }                                                       \
    if (rows > 2) {                                         \
      sum += l.bottom * t[2][0], sum += m.bottom * t[2][1]; \
      sum += r.bottom * t[2][2];                            \
    }                                                       \
    bl_store_bounded(output, sum + bias, bounds);           \
    output += step;                                         \
  } while (0)
  /* Columns from the next one on that lie inside of the map: they are loaded without a test, in
   * turns that end with the same names for the same columns. */
  const int32_t loaded = 3 - stride;
  const int32_t inside = w->pad_left > loaded ? 0 : w->input_w + w->pad_left - loaded;
  int32_t left = w->output_w, turns;
  LOAD_OR_ZERO(a);
  if (stride == 1) {
    LOAD_OR_ZERO(b);
    turns = (inside < left ? inside : left) / 3;
    for (left -= 3 * turns; turns > 0; turns--) {
      LOAD(c);
      EMIT(a, b, c);
      LOAD(a);
      EMIT(b, c, a);
      LOAD(b);
      EMIT(c, a, b);
    }
    for (; left > 0; left--) {
      LOAD_OR_ZERO(c);
      EMIT(a, b, c);
      a = b;
      b = c;
    }
    return;
  }
  turns = (inside / 2 < left ? inside / 2 : left) / 2;
  for (left -= 2 * turns; turns > 0; turns--) {
    LOAD(b);
    LOAD(c);
    EMIT(a, b, c);
    LOAD(b);
    LOAD(a);
    EMIT(c, b, a);
  }
  for (; left > 0; left--) {
    LOAD_OR_ZERO(b);
    LOAD_OR_ZERO(c);
    EMIT(a, b, c);
    a = c;
  }
#undef LOAD
#undef LOAD_OR_ZERO
#undef SKIP
#undef EMIT
}

/* All channels of an output row. Functions of their own: the compiler runs out of registers where
 * they are one. */
#define ROW(name, rows, stride)                                                      \
  static __attribute__((noinline)) void name(const bl_window *w, const float *input, \
                                             const float *filter, const float *bias, \
                                             bl_bounds_f32 bounds, float *output) {  \
    for (int32_t c = 0; c < w->input_c; c++) {                                       \
      slide(w, rows, stride, input + c, filter + c, bias[c], bounds, output + c);    \
    }                                                                                \
  }
ROW(row_1_1, 1, 1)
ROW(row_1_2, 1, 2)
ROW(row_2_1, 2, 1)
ROW(row_2_2, 2, 2)
ROW(row_3_1, 3, 1)
ROW(row_3_2, 3, 2)

/* A row whose windows lie outside of the map as a whole. */
static void row_outside(const bl_window *w, const float *input, const float *filter,
                        const float *bias, bl_bounds_f32 bounds, float *output) {
  (void)input, (void)filter;
  for (int32_t x = 0; x < w->output_w; x++) {
    for (int32_t c = 0; c < w->input_c; c++) {
      bl_store_bounded(output++, bias[c], bounds);
    }
  }
}

typedef void row_function(const bl_window *, const float *, const float *, const float *,
                          bl_bounds_f32, float *);

bl_status bl_depthwise_conv_2d_f32_fpu(const bl_depthwise_conv_2d_f32 *p, const float *input,
                                       const float *filter, const float *bias, float *output) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->output_c != w->input_c || w->filter_h != 3 || w->filter_w != 3 ||
      w->dilation_h != 1 || w->dilation_w != 1 || w->stride_w > 2) {
    return BL_BAD_ARGUMENT;
  }
  const bl_bounds_f32 bounds = bl_bounds(p->activation_min, p->activation_max);
  static row_function *const functions[4][2] = {
      {row_outside, row_outside}, {row_1_1, row_1_2}, {row_2_1, row_2_2}, {row_3_1, row_3_2}};
  const int32_t channels = w->input_c;
  for (int32_t y = 0; y < w->output_h; y++, output += w->output_w * channels) {
    int32_t begin, end;
    bl_taps(y, w->stride_h, w->pad_top, 1, 3, w->input_h, &begin, &end);
    const int32_t row = y * w->stride_h - w->pad_top + begin;
    const float *in = input + row * w->input_w * channels, *taps = filter + begin * 3 * channels;
    functions[end - begin][w->stride_w - 1](w, in, taps, bias, bounds, output);
  }
  return BL_OK;
}
