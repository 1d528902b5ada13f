#include "cmsis_nn_calls.h"
#include "softmax/softmax.h"

bl_status bl_cmsis_softmax_s8(const bl_softmax_s8 *p, const int8_t *input, int8_t *output) {
  BL_CMSIS_NEEDS(0);
  arm_softmax_s8(input, 1, p->count, p->multiplier, p->shift, p->difference_min, output);
  return BL_OK;
}
