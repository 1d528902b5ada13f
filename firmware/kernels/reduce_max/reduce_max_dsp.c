/* Four channels at a time. */
#include "dsp.h"
#include "reduce_max.h"

bl_status bl_reduce_max_s8_dsp(const bl_reduce_max_s8 *p, const int8_t *input, int8_t *output) {
  if (p->outer <= 0 || p->reduced <= 0 || p->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->outer; o++, input += p->reduced * p->inner, output += p->inner) {
    bl_dsp_largest(input, p->reduced, p->inner, 1, 0, p->inner, output);
  }
  return BL_OK;
}
