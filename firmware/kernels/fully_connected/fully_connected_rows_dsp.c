#include "fully_connected.h"

bl_status bl_fully_connected_rows_s8_dsp(const bl_fully_connected_rows_s8 *p, const int8_t *input,
                                         const int32_t *filter, const int32_t *bias,
                                         const int32_t *multiplier, const int32_t *shift,
                                         void *scratch, int32_t scratch_bytes, int8_t *output) {
  bl_status status = p->rows > 0 ? BL_OK : BL_BAD_ARGUMENT;
  for (int32_t r = 0; r < p->rows && status == BL_OK; r++) {
    status = bl_fully_connected_s8_dsp(&p->row, input, filter, bias, multiplier, shift, scratch,
                                       scratch_bytes, output);
    input += p->row.input_c;
    output += p->row.output_c;
  }
  return status;
}
