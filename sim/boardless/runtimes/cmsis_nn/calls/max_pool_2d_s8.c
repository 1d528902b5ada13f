#include "cmsis_nn_calls.h"
#include "max_pool_2d/max_pool_2d.h"

bl_status bl_cmsis_max_pool_2d_s8(const bl_max_pool_2d_s8 *p, const int8_t *input, int8_t *output) {
  const bl_window *w = &p->window;
  const cmsis_nn_pool_params params = {
      .stride = bl_cmsis_tile(w->stride_h, w->stride_w),
      .padding = bl_cmsis_tile(w->pad_top, w->pad_left),
      .activation = {.min = p->activation_min, .max = p->activation_max},
  };
  const cmsis_nn_dims in = bl_cmsis_dims(1, w->input_h, w->input_w, w->input_c);
  const cmsis_nn_dims window = bl_cmsis_dims(1, w->filter_h, w->filter_w, 1);
  const cmsis_nn_dims out = bl_cmsis_dims(1, w->output_h, w->output_w, w->output_c);
  BL_CMSIS_NEEDS(0);
  const cmsis_nn_context context = {.buf = bl_cmsis_buffer, .size = 0};
  return BL_CMSIS_STATUS(arm_max_pool_s8(&context, &params, &in, input, &window, &out, output));
}
