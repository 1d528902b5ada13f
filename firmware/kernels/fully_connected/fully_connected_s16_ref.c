#include <math.h>

#include "fully_connected.h"

static void row(const bl_fully_connected_s16 *p, const int16_t *input, const int8_t *filter,
                const int64_t *bias, const double *scale, int16_t *output) {
  for (int32_t o = 0; o < p->output_c; o++) {
    const int8_t *taps = filter + o * p->input_c;
    int64_t sum = bias ? bias[o] : 0;
    for (int32_t c = 0; c < p->input_c; c++) {
      sum += input[c] * taps[c];
    }
    const int64_t whole = p->wide ? sum : (int32_t)(uint32_t)sum;
    const int32_t scaled = (int32_t)round((double)whole * scale[o]);
    output[o] = (int16_t)bl_clamp(scaled, p->activation_min, p->activation_max);
  }
}

bl_status bl_fully_connected_rows_s16_ref(const bl_fully_connected_rows_s16 *p,
                                          const int16_t *input, const int8_t *filter,
                                          const int64_t *bias, const double *scale,
                                          int16_t *output) {
  if (p->rows <= 0 || p->row.input_c <= 0 || p->row.output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++) {
    row(&p->row, input, filter, bias, scale, output);
    input += p->row.input_c;
    output += p->row.output_c;
  }
  return BL_OK;
}
