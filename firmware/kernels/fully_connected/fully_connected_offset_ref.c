#include "fully_connected.h"
#include "requantise.h"

bl_status bl_fully_connected_offset_s8_ref(const bl_fully_connected_offset_s8 *p,
                                           const int8_t *input, const int8_t *filter,
                                           const int32_t *bias, const int32_t *multiplier,
                                           const int32_t *shift, int8_t *output) {
  const bl_fully_connected_s8 *row = &p->row;
  if (row->input_c <= 0 || row->output_c <= 0 || p->rows <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++, input += row->input_c) {
    for (int32_t o = 0; o < row->output_c; o++) {
      const int8_t *taps = filter + o * row->input_c;
      uint32_t sum = bias ? (uint32_t)bias[o] : 0; /* wraps, as TFLite's */
      for (int32_t c = 0; c < row->input_c; c++) {
        sum += (uint32_t)((input[c] - row->input_zero_point) * (taps[c] - p->filter_zero_point));
      }
      const int32_t k = row->scales > 1 ? o : 0;
      const int32_t scaled = bl_offset(bl_requantise_once((int32_t)sum, multiplier[k], shift[k]),
                                       row->output_zero_point);
      *output++ = (int8_t)bl_clamp(scaled, row->activation_min, row->activation_max);
    }
  }
  return BL_OK;
}
