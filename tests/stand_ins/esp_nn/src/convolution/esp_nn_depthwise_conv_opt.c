/* A stand-in of ESP-NN's file of the same name. */
#include "common_functions.h"
#include "esp_nn.h"

void esp_nn_depthwise_conv_s8(const data_dims_t *in, const int8_t *input, const data_dims_t *taps,
                              const int8_t *filter, const int32_t *bias, const data_dims_t *out,
                              int8_t *output, const dw_conv_params_t *p,
                              const quant_data_t *scaling) {
  for (int32_t i = 0; i < out->height * out->width * out->channels; i++) {
    const int32_t c = i % out->channels, pixel = i / out->channels;
    int32_t sum = bias ? bias[c] : 0;
    for (int32_t k = 0; k < taps->height * taps->width; k++) {
      const int32_t y = pixel / out->width * p->stride.height - p->padding.height + k / taps->width;
      const int32_t x = pixel % out->width * p->stride.width - p->padding.width + k % taps->width;
      if (y >= 0 && x >= 0 && y < in->height && x < in->width) {
        sum += (input[(y * in->width + x) * in->channels + c / p->ch_mult] + p->in_offset) *
               filter[k * out->channels + c];
      }
    }
    output[i] = stand_in_value(sum, scaling->mult[c], scaling->shift[c], p->out_offset,
                               p->activation.min, p->activation.max);
  }
}
