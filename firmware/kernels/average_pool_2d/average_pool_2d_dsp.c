/* Four channels at a time, as two pairs of sums; int16 holds those of 255 values. */
#include "dsp.h"
#include "means.h"

static void pixel(const bl_average_pool_2d_s8 *p, const bl_mean_of *mean, const int8_t *from,
                  int32_t columns, int32_t column_step, int32_t rows, int32_t row_step,
                  int8_t *output) {
  const int32_t channels = p->window.output_c;
  const bl_mean_of m = *mean;
  int8_t *to = output;
  int32_t c = 0;
  for (; c + 4 <= channels; c += 4, to += 4) {
    uint32_t even = 0, odd = 0;
    const int8_t *row = from + c;
    for (int32_t left = rows; left > 0; left--, row += row_step) {
      const int8_t *at = row;
      for (int32_t k = columns; k > 0; k--, at += column_step) {
        const uint32_t four = bl_load32(at);
        even = bl_sxtab16(even, four);
        odd = bl_sxtab16_odd(odd, four);
      }
    }
    to[0] = (int8_t)bl_mean((int16_t)(even & 0xffff), &m);
    to[1] = (int8_t)bl_mean((int16_t)(odd & 0xffff), &m);
    to[2] = (int8_t)bl_mean((int32_t)even >> 16, &m);
    to[3] = (int8_t)bl_mean((int32_t)odd >> 16, &m);
  }
  for (; c < channels; c++) {
    int32_t sum = 0;
    for (int32_t row = 0; row < rows; row++) {
      for (int32_t k = 0; k < columns; k++) {
        sum += from[row * row_step + k * column_step + c];
      }
    }
    *to++ = (int8_t)bl_mean(sum, &m);
  }
  if (p->activation_min > INT8_MIN || p->activation_max < INT8_MAX) {
    bl_clamp_bytes(output, channels, p->activation_min, p->activation_max);
  }
}

bl_status bl_average_pool_2d_s8_dsp(const bl_average_pool_2d_s8 *p, const int8_t *input,
                                    int8_t *output) {
  return bl_average_windows(p, input, output, pixel);
}
