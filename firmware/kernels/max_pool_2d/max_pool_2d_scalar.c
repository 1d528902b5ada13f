/* Four channels at a time. */
#include "windows.h"

static inline int32_t larger(int32_t a, int32_t b) {
  return a > b ? a : b;
}

static void pixel(const bl_max_pool_2d_s8 *p, const int8_t *from, int32_t columns,
                  int32_t column_step, int32_t rows, int32_t row_step, int8_t *output) {
  const int32_t low = p->activation_min, high = p->activation_max;
  int32_t left = p->window.output_c;
  for (; left >= 4; left -= 4, from += 4, output += 4) {
    int32_t a = low, b = low, c = low, d = low;
    const int8_t *row = from;
    for (int32_t k = rows; k > 0; k--, row += row_step) {
      const int8_t *at = row;
      for (int32_t n = columns; n > 0; n--, at += column_step) {
        a = larger(a, at[0]);
        b = larger(b, at[1]);
        c = larger(c, at[2]);
        d = larger(d, at[3]);
      }
    }
    output[0] = (int8_t)(a < high ? a : high);
    output[1] = (int8_t)(b < high ? b : high);
    output[2] = (int8_t)(c < high ? c : high);
    output[3] = (int8_t)(d < high ? d : high);
  }
  for (; left > 0; left--, from++) {
    int32_t best = low;
    const int8_t *row = from;
    for (int32_t k = rows; k > 0; k--, row += row_step) {
      const int8_t *at = row;
      for (int32_t n = columns; n > 0; n--, at += column_step) {
        best = larger(best, *at);
      }
    }
    *output++ = (int8_t)(best < high ? best : high);
  }
}

bl_status bl_max_pool_2d_s8_scalar(const bl_max_pool_2d_s8 *p, const int8_t *input,
                                   int8_t *output) {
  return bl_max_pool_windows(p, input, output, pixel);
}
