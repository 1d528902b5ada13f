#include "softmax.h"

bl_status bl_softmax_rows_s8_ref(const bl_softmax_rows_s8 *p, const int8_t *input, int8_t *output) {
  bl_status status = p->rows > 0 ? BL_OK : BL_BAD_ARGUMENT;
  for (int32_t r = 0; r < p->rows && status == BL_OK; r++) {
    status = bl_softmax_s8_ref(&p->row, input, output);
    input += p->row.count;
    output += p->row.count;
  }
  return status;
}
