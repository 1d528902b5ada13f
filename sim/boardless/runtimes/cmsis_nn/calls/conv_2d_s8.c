#include "cmsis_nn_calls.h"
#include "conv_2d/conv_2d.h"

/* One row of weights per output, as of a fully connected layer. */
static bl_status of_one_pixel(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                              const int32_t *bias, const cmsis_nn_per_channel_quant_params *scaling,
                              int8_t *output) {
  const bl_window *w = &p->window;
  const cmsis_nn_fc_params params = {
      .input_offset = -p->input_zero_point,
      .filter_offset = 0,
      .output_offset = p->output_zero_point,
      .activation = {.min = p->activation_min, .max = p->activation_max},
  };
  const cmsis_nn_dims in = bl_cmsis_dims(1, 1, 1, w->input_c);
  const cmsis_nn_dims taps = bl_cmsis_dims(w->input_c, 1, 1, w->output_c);
  const cmsis_nn_dims out = bl_cmsis_dims(1, 1, 1, w->output_c);
  BL_CMSIS_NEEDS(arm_fully_connected_s8_get_buffer_size(&taps));
  const int32_t size = arm_fully_connected_s8_get_buffer_size(&taps);
  const cmsis_nn_context context = {.buf = bl_cmsis_buffer, .size = size};
  if (size) { /* this core's kernel wants the sums of the weights */
    arm_vector_sum_s8((int32_t *)(void *)bl_cmsis_buffer, w->input_c, w->output_c, filter,
                      params.input_offset, 0, bias);
  }
  return BL_CMSIS_STATUS(arm_fully_connected_per_channel_s8(
      &context, &params, scaling, &in, input, &taps, filter, &out, bias, &out, output));
}

bl_status bl_cmsis_conv_2d_s8(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                              const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
                              int8_t *output) {
  const bl_window *w = &p->window;
  const cmsis_nn_per_channel_quant_params scaling = {
      .multiplier = (int32_t *)multiplier, /* CMSIS-NN only reads them */
      .shift = (int32_t *)shift,
  };
  if (bl_window_is_pointwise(w) && w->input_h == 1 && w->input_w == 1) {
    return of_one_pixel(p, input, filter, bias, &scaling, output);
  }
  const cmsis_nn_conv_params params = {
      .input_offset = -p->input_zero_point,
      .output_offset = p->output_zero_point,
      .stride = bl_cmsis_tile(w->stride_h, w->stride_w),
      .padding = bl_cmsis_tile(w->pad_top, w->pad_left),
      .dilation = bl_cmsis_tile(w->dilation_h, w->dilation_w),
      .activation = {.min = p->activation_min, .max = p->activation_max},
  };
  const cmsis_nn_dims in = bl_cmsis_dims(1, w->input_h, w->input_w, w->input_c);
  const cmsis_nn_dims taps = bl_cmsis_dims(w->output_c, w->filter_h, w->filter_w, w->input_c);
  const cmsis_nn_dims biases = bl_cmsis_dims(1, 1, 1, w->output_c);
  const cmsis_nn_dims out = bl_cmsis_dims(1, w->output_h, w->output_w, w->output_c);
  BL_CMSIS_NEEDS(arm_convolve_wrapper_s8_get_buffer_size(&params, &in, &taps, &out));
  const cmsis_nn_context context = {.buf = bl_cmsis_buffer, .size = 0};
  return BL_CMSIS_STATUS(arm_convolve_wrapper_s8(&context, &params, &scaling, &in, input, &taps,
                                                 filter, &biases, bias, &out, output));
}
