#include "cmsis_nn_calls.h"
#include "depthwise_conv_2d/depthwise_conv_2d.h"

bl_status bl_cmsis_depthwise_conv_2d_s8(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                        const int8_t *filter, const int32_t *bias,
                                        const int32_t *multiplier, const int32_t *shift,
                                        int8_t *output) {
  const bl_window *w = &p->window;
  const cmsis_nn_per_channel_quant_params scaling = {
      .multiplier = (int32_t *)multiplier, /* CMSIS-NN only reads them */
      .shift = (int32_t *)shift,
  };
  const cmsis_nn_dw_conv_params params = {
      .input_offset = -p->input_zero_point,
      .output_offset = p->output_zero_point,
      .ch_mult = w->output_c / w->input_c,
      .stride = bl_cmsis_tile(w->stride_h, w->stride_w),
      .padding = bl_cmsis_tile(w->pad_top, w->pad_left),
      .dilation = bl_cmsis_tile(w->dilation_h, w->dilation_w),
      .activation = {.min = p->activation_min, .max = p->activation_max},
  };
  const cmsis_nn_dims in = bl_cmsis_dims(1, w->input_h, w->input_w, w->input_c);
  const cmsis_nn_dims taps = bl_cmsis_dims(1, w->filter_h, w->filter_w, w->output_c);
  const cmsis_nn_dims biases = bl_cmsis_dims(1, 1, 1, w->output_c);
  const cmsis_nn_dims out = bl_cmsis_dims(1, w->output_h, w->output_w, w->output_c);
  BL_CMSIS_NEEDS(arm_depthwise_conv_wrapper_s8_get_buffer_size(&params, &in, &taps, &out));
  const cmsis_nn_context context = {.buf = bl_cmsis_buffer, .size = 0};
  return BL_CMSIS_STATUS(arm_depthwise_conv_wrapper_s8(&context, &params, &scaling, &in, input,
                                                       &taps, filter, &biases, bias, &out, output));
}
