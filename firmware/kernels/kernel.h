/* Shared by all kernels: the status it returns and the geometry of a sliding window.
 *
 * A kernel is a pure function: it reads its parameters, inputs and constants, writes its outputs,
 * and uses no global, no heap, no stdio and no hal. Tensors are NHWC with N = 1; sizes count
 * elements. Names end in _s8_ref, _s16_ref or _f32_ref for the reference and in _<variant> for an
 * optimised variant, which must produce the same bits.
 */
#ifndef BL_KERNEL_H
#define BL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  BL_OK = 0,
  BL_BAD_ARGUMENT = 1,      /* a parameter is outside the kernel's contract */
  BL_SCRATCH_TOO_SMALL = 2, /* the caller owns scratch; the contract says how much is needed */
} bl_status;

/* A filter that slides over height and width. An output pixel (y, x) reads input rows
 * y * stride_h - pad_top + ky * dilation_h; rows outside the map are padding. Both paddings are
 * spelled out here: SAME puts the odd pixel at the bottom and right (pad_top smaller), symmetric
 * padding puts the same count on each side. Only top and left are needed: the output size
 * decides how far the window runs over the other edges. */
typedef struct {
  int32_t input_h, input_w, input_c;
  int32_t output_h, output_w, output_c;
  int32_t filter_h, filter_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
} bl_window;

static inline int bl_window_is_valid(const bl_window *w) {
  return w->input_h > 0 && w->input_w > 0 && w->input_c > 0 && w->output_h > 0 && w->output_w > 0 &&
         w->output_c > 0 && w->filter_h > 0 && w->filter_w > 0 && w->stride_h > 0 &&
         w->stride_w > 0 && w->dilation_h > 0 && w->dilation_w > 0 && w->pad_top >= 0 &&
         w->pad_left >= 0;
}

/* The range of filter taps [*begin, *end) of output position `out` that fall inside the map. */
static inline void bl_taps(int32_t out, int32_t stride, int32_t pad, int32_t dilation,
                           int32_t filter, int32_t input, int32_t *begin, int32_t *end) {
  const int32_t first = out * stride - pad; /* input position of tap 0, may be negative */
  *begin = first < 0 ? (-first + dilation - 1) / dilation : 0;
  *end = first >= input ? 0 : (input - first + dilation - 1) / dilation;
  if (*end > filter) {
    *end = filter;
  }
  if (*begin > *end) {
    *begin = *end;
  }
}

static inline int32_t bl_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

static inline float bl_clamp_f32(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

#endif
