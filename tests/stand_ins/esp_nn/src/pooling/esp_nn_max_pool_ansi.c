/* A stand-in of ESP-NN's file of the same name. */
#include "esp_nn.h"

void esp_nn_max_pool_s8(const int8_t *input, uint16_t in_w, uint16_t in_h, int8_t *output,
                        uint16_t out_w, uint16_t out_h, uint16_t step_w, uint16_t step_h,
                        uint16_t size_w, uint16_t size_h, uint16_t pad_w, uint16_t pad_h,
                        int32_t least, int32_t most, uint16_t channels) {
  for (int32_t i = 0; i < out_h * out_w * channels; i++) {
    const int32_t c = i % channels, pixel = i / channels;
    int32_t greatest = least;
    for (int32_t k = 0; k < size_h * size_w; k++) {
      const int32_t y = pixel / out_w * step_h - pad_h + k / size_w;
      const int32_t x = pixel % out_w * step_w - pad_w + k % size_w;
      if (y >= 0 && x >= 0 && y < in_h && x < in_w) {
        const int8_t found = input[(y * in_w + x) * channels + c];
        greatest = found > greatest ? found : greatest;
      }
    }
    output[i] = (int8_t)(greatest > most ? most : greatest);
  }
}
