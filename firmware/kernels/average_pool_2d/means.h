/* Shared by the variants of AVERAGE_POOL_2D: the part of each window that lies in the map, and
 * means without a division for each of them. */
#ifndef BL_AVERAGE_POOL_MEANS_H
#define BL_AVERAGE_POOL_MEANS_H

#include "average_pool_2d.h"

/* What makes sums of `count` int8 values to means, rounded half away from zero: (sum + start, less
 * 1 where a tie of a negative sum is to be avoided) / count - 128. The compiler sees to it that
 * count is small enough for the product with a reciprocal to be exact: 256 * count^2 < 2^31. */
typedef struct {
  int32_t count;
  int32_t start;       /* makes every sum positive, and rounds */
  int32_t ties;        /* all bits set where there can be ties */
  uint32_t reciprocal; /* 2^31 / count, rounded up */
} bl_mean_of;

static inline bl_mean_of bl_mean_of_count(int32_t count) {
  const uint32_t divisor = count > 0 ? (uint32_t)count : 1;
  return (bl_mean_of){.count = count,
                      .start = 128 * count + count / 2,
                      .ties = count % 2 - 1,
                      .reciprocal = (UINT32_C(1) << 31) / divisor + 1};
}

static inline int32_t bl_mean(int32_t sum, const bl_mean_of *mean) {
  const uint32_t positive = (uint32_t)(sum + (sum >> 31 & mean->ties) + mean->start);
  return (int32_t)((uint64_t)(2 * positive) * mean->reciprocal >> 32) - 128;
}

/* Does the same in the _scalar variants. */
static inline int32_t bl_mean_scalar(int32_t sum, const bl_mean_of *mean) {
#if defined(__XTENSA__) || defined(__ARM_ARCH_6M__) /* a product of 64 bits is a call there */
  const int32_t positive = sum + (sum >> 31 & mean->ties) + mean->start;
  return (int32_t)((uint32_t)positive / (uint32_t)mean->count) - 128;
#else
  return bl_mean(sum, mean);
#endif
}

/* All channels of an output pixel, from `rows` times `columns` pixels of the map. */
typedef void bl_average_pixel(const bl_average_pool_2d_s8 *p, const bl_mean_of *mean,
                              const int8_t *from, int32_t columns, int32_t column_step,
                              int32_t rows, int32_t row_step, int8_t *output);

static inline bl_status bl_average_windows(const bl_average_pool_2d_s8 *p, const int8_t *input,
                                           int8_t *output, bl_average_pixel *pixel) {
  const bl_window *w = &p->window;
  if (!bl_window_is_valid(w) || w->input_c != w->output_c) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t row_bytes = w->input_w * w->input_c;
  bl_mean_of mean = bl_mean_of_count(1);
  for (int32_t y = 0; y < w->output_h; y++) {
    int32_t ky, ky_end;
    bl_taps(y, w->stride_h, w->pad_top, w->dilation_h, w->filter_h, w->input_h, &ky, &ky_end);
    const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
    for (int32_t x = 0; x < w->output_w; x++, output += w->output_c) {
      int32_t kx, kx_end;
      bl_taps(x, w->stride_w, w->pad_left, w->dilation_w, w->filter_w, w->input_w, &kx, &kx_end);
      const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
      const int32_t count = (ky_end - ky) * (kx_end - kx);
      if (count == 0) {
        return BL_BAD_ARGUMENT;
      }
      if (count != mean.count) {
        mean = bl_mean_of_count(count);
      }
      pixel(p, &mean, input + row * row_bytes + column * w->input_c, kx_end - kx,
            w->dilation_w * w->input_c, ky_end - ky, w->dilation_h * row_bytes, output);
    }
  }
  return BL_OK;
}

#endif
