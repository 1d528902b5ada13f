#include "add/add.h"
#include "cmsis_nn_calls.h"

/* CMSIS-NN adds tensors of one shape; it knows no difference, either. */
bl_status bl_cmsis_add_s8(const bl_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (s->outer != 1 || s->middle != 1 || s->a_inner != 1 || s->b_inner != 1 ||
      p->a_multiplier < 0 || p->b_multiplier < 0) {
    return bl_add_s8_ref(p, a, b, output);
  }
  BL_CMSIS_NEEDS(0);
  return BL_CMSIS_STATUS(arm_elementwise_add_s8(
      a, b, -p->a_zero_point, p->a_multiplier, p->a_shift, -p->b_zero_point, p->b_multiplier,
      p->b_shift, BL_ADD_FRACTION_BITS, output, p->output_zero_point, p->output_multiplier,
      p->output_shift, p->activation_min, p->activation_max, s->inner));
}
