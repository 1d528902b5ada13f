/* Four channels at a time. */
#include "means.h"

static void pixel(const bl_average_pool_2d_s8 *p, const bl_mean_of *mean, const int8_t *from,
                  int32_t columns, int32_t column_step, int32_t rows, int32_t row_step,
                  int8_t *output) {
  const int32_t low = p->activation_min, high = p->activation_max;
  const bl_mean_of m = *mean;
  int32_t left = p->window.output_c;
  for (; left >= 4; left -= 4, from += 4, output += 4) {
    int32_t a = 0, b = 0, c = 0, d = 0;
    const int8_t *row = from;
    for (int32_t k = rows; k > 0; k--, row += row_step) {
      const int8_t *at = row;
      for (int32_t n = columns; n > 0; n--, at += column_step) {
        a += at[0], b += at[1], c += at[2], d += at[3];
      }
    }
    output[0] = (int8_t)bl_clamp(bl_mean_scalar(a, &m), low, high);
    output[1] = (int8_t)bl_clamp(bl_mean_scalar(b, &m), low, high);
    output[2] = (int8_t)bl_clamp(bl_mean_scalar(c, &m), low, high);
    output[3] = (int8_t)bl_clamp(bl_mean_scalar(d, &m), low, high);
  }
  for (; left > 0; left--, from++) {
    int32_t sum = 0;
    const int8_t *row = from;
    for (int32_t k = rows; k > 0; k--, row += row_step) {
      const int8_t *at = row;
      for (int32_t n = columns; n > 0; n--, at += column_step) {
        sum += *at;
      }
    }
    *output++ = (int8_t)bl_clamp(bl_mean_scalar(sum, &m), low, high);
  }
}

bl_status bl_average_pool_2d_s8_scalar(const bl_average_pool_2d_s8 *p, const int8_t *input,
                                       int8_t *output) {
  return bl_average_windows(p, input, output, pixel);
}
