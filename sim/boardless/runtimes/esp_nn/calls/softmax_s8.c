#include "esp_nn_calls.h"
#include "softmax/softmax.h"

enum { MOST = 256 }; /* classes: ESP-NN wants a word of each */

bl_status bl_esp_softmax_s8(const bl_softmax_s8 *p, const int8_t *input, int8_t *output) {
  if (p->count > MOST) {
    return bl_softmax_s8_ref(p, input, output);
  }
  int32_t scratch[MOST];
  esp_nn_set_softmax_scratch_buf(scratch);
  esp_nn_softmax_s8(input, 1, p->count, p->multiplier, p->shift, p->difference_min, output);
  return BL_OK;
}
