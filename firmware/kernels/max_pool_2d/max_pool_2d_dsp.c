/* Four channels at a time. */
#include "dsp.h"
#include "windows.h"

static void pixel(const bl_max_pool_2d_s8 *p, const int8_t *from, int32_t columns,
                  int32_t column_step, int32_t rows, int32_t row_step, int8_t *output) {
  const int32_t channels = p->window.output_c;
  bl_dsp_largest(from, columns, column_step, rows, row_step, channels, output);
  if (p->activation_min > INT8_MIN || p->activation_max < INT8_MAX) {
    bl_clamp_bytes(output, channels, p->activation_min, p->activation_max);
  }
}

bl_status bl_max_pool_2d_s8_dsp(const bl_max_pool_2d_s8 *p, const int8_t *input, int8_t *output) {
  return bl_max_pool_windows(p, input, output, pixel);
}
