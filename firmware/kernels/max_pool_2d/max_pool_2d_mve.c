/* Sixteen channels at a time. */
#include "mve.h"
#include "windows.h"

static void pixel(const bl_max_pool_2d_s8 *p, const int8_t *from, int32_t columns,
                  int32_t column_step, int32_t rows, int32_t row_step, int8_t *output) {
  bl_mve_largest(from, columns, column_step, rows, row_step, p->window.output_c,
                 (int8_t)p->activation_min, (int8_t)p->activation_max, output);
}

bl_status bl_max_pool_2d_s8_mve(const bl_max_pool_2d_s8 *p, const int8_t *input, int8_t *output) {
  return bl_max_pool_windows(p, input, output, pixel);
}
