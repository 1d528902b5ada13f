#include "softmax.h"

bl_status bl_softmax_real_s8_ref(const bl_softmax_real_s8 *p, const int8_t *input,
                                 const float *table, int8_t *output) {
  const int32_t count = p->row.count;
  if (count <= 0 || p->rows <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++, input += count, output += count) {
    int32_t maximum = INT8_MIN;
    for (int32_t c = 0; c < count; c++) {
      maximum = input[c] > maximum ? input[c] : maximum;
    }
    float sum = 0.0f;
    for (int32_t c = 0; c < count; c++) {
      sum += table[maximum - input[c]];
    }
    const float factor = 1.0f / (sum * (1.0f / 256.0f));
    for (int32_t c = 0; c < count; c++) {
      const volatile float steps = table[maximum - input[c]] * factor; /* rounded before the sum */
      output[c] = (int8_t)bl_clamp((int32_t)(steps + 0.5f) + INT8_MIN, INT8_MIN, INT8_MAX);
    }
  }
  return BL_OK;
}
