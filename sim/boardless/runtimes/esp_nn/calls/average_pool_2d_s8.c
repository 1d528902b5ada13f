#include "average_pool_2d/average_pool_2d.h"
#include "esp_nn_calls.h"

bl_status bl_esp_average_pool_2d_s8(const bl_average_pool_2d_s8 *p, const int8_t *input,
                                    int8_t *output) {
  const bl_window *w = &p->window;
  esp_nn_avg_pool_s8(input, w->input_w, w->input_h, output, w->output_w, w->output_h, w->stride_w,
                     w->stride_h, w->filter_w, w->filter_h, w->pad_left, w->pad_top,
                     p->activation_min, p->activation_max, w->input_c);
  return BL_OK;
}
