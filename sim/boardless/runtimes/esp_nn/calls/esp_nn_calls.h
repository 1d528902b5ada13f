/* What the calls of ESP-NN share. Each is a function bl_esp_KERNEL with the parameters of
 * boardless's bl_KERNEL_ref, and gives the same bits. */
#ifndef BL_ESP_NN_CALLS_H
#define BL_ESP_NN_CALLS_H

#include "esp_nn.h"
#include "kernel.h"

static inline data_dims_t bl_esp_dims(int32_t h, int32_t w, int32_t c) {
  const data_dims_t dims = {.width = w, .height = h, .channels = c};
  return dims;
}

static inline data_2d_t bl_esp_steps(int32_t h, int32_t w) {
  const data_2d_t steps = {.width = w, .height = h};
  return steps;
}

#endif
