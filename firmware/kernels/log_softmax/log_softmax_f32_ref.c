#include <math.h>

#include "log_softmax.h"

static void row_f32(int32_t count, const float *input, float *output) {
  float maximum = input[0];
  for (int32_t c = 1; c < count; c++) {
    maximum = input[c] > maximum ? input[c] : maximum;
  }
  float sum = 0.0f;
  for (int32_t c = 0; c < count; c++) {
    sum += expf(input[c] - maximum);
  }
  const float log_sum = logf(sum);
  for (int32_t c = 0; c < count; c++) {
    output[c] = input[c] - maximum - log_sum;
  }
}

bl_status bl_log_softmax_f32_ref(const bl_log_softmax_f32 *p, const float *input, float *output) {
  if (p->rows <= 0 || p->row_length <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++, input += p->row_length, output += p->row_length) {
    row_f32(p->row_length, input, output);
  }
  return BL_OK;
}
