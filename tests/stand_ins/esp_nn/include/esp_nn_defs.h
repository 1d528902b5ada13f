/* A stand-in of ESP-NN's header of the same name. */
#ifndef ESP_NN_DEFS_STAND_IN_H
#define ESP_NN_DEFS_STAND_IN_H

#include <stdint.h>

typedef struct {
  int32_t width, height, channels, extra;
} data_dims_t;
typedef struct {
  int32_t width, height;
} data_2d_t;
typedef struct {
  int32_t min, max;
} act_params_t;
typedef struct {
  int32_t *shift, *mult;
} quant_data_t;
typedef struct {
  int32_t in_offset, out_offset;
  data_2d_t stride, padding, dilation;
  act_params_t activation;
} conv_params_t;
typedef struct {
  int32_t in_offset, out_offset, ch_mult;
  data_2d_t stride, padding, dilation;
  act_params_t activation;
} dw_conv_params_t;

#endif
