/* A stand-in of ESP-NN's header of the same name. */
#ifndef ESP_NN_STAND_IN_H
#define ESP_NN_STAND_IN_H

#include "esp_nn_defs.h"

void esp_nn_conv_s8(const data_dims_t *in, const int8_t *input, const data_dims_t *taps,
                    const int8_t *filter, const int32_t *bias, const data_dims_t *out,
                    int8_t *output, const conv_params_t *params, const quant_data_t *scaling);
void esp_nn_depthwise_conv_s8(const data_dims_t *in, const int8_t *input, const data_dims_t *taps,
                              const int8_t *filter, const int32_t *bias, const data_dims_t *out,
                              int8_t *output, const dw_conv_params_t *params,
                              const quant_data_t *scaling);
void esp_nn_max_pool_s8(const int8_t *input, uint16_t in_w, uint16_t in_h, int8_t *output,
                        uint16_t out_w, uint16_t out_h, uint16_t step_w, uint16_t step_h,
                        uint16_t size_w, uint16_t size_h, uint16_t pad_w, uint16_t pad_h,
                        int32_t least, int32_t most, uint16_t channels);

#endif
