#include "conv_2d/conv_2d.h"
#include "esp_nn_calls.h"

bl_status bl_esp_conv_2d_s8(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                            const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
                            int8_t *output) {
  const bl_window *w = &p->window;
  if (w->dilation_h != 1 || w->dilation_w != 1) { /* ESP-NN knows none */
    return bl_conv_2d_s8_ref(p, input, filter, bias, multiplier, shift, output);
  }
  const conv_params_t params = {
      .in_offset = -p->input_zero_point,
      .out_offset = p->output_zero_point,
      .stride = bl_esp_steps(w->stride_h, w->stride_w),
      .padding = bl_esp_steps(w->pad_top, w->pad_left),
      .dilation = bl_esp_steps(1, 1),
      .activation = {.min = p->activation_min, .max = p->activation_max},
  };
  const quant_data_t scaling = {
      .shift = (int32_t *)shift, /* ESP-NN only reads them */
      .mult = (int32_t *)multiplier,
  };
  const data_dims_t in = bl_esp_dims(w->input_h, w->input_w, w->input_c);
  const data_dims_t taps = bl_esp_dims(w->filter_h, w->filter_w, 0);
  const data_dims_t out = bl_esp_dims(w->output_h, w->output_w, w->output_c);
  esp_nn_conv_s8(&in, input, &taps, filter, bias, &out, output, &params, &scaling);
  return BL_OK;
}
