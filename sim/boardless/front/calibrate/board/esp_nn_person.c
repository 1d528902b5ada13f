/* The layers of TensorFlow Lite Micro's person detection, once, by the kernels of ESP-NN: weights
 * and biases are constants in flash, activations, multipliers and shifts lie in RAM, as they do
 * behind the interpreter. Values do not matter for time. */
#include <esp_nn.h>
#include <stddef.h>
#include <stdint.h>

#define TRIGGER(name) __asm__ volatile(".global " #name "\n" #name ":" ::: "memory")

enum { MOST_CHANNELS = 256, CLASSES = 2, WEIGHTS = 208 * 1024, MAP = 48 * 48 * 16 };

/* A depthwise layer of 3x3 and a pointwise one behind it; the first reads one channel, and has
 * none behind it. */
typedef struct {
  int32_t input_size, stride, input_channels, depthwise_channels, output_channels;
} layers;

static const layers NETWORK[] = {
    {96, 2, 1, 8, 0},      {48, 1, 8, 8, 16},     {48, 2, 16, 16, 32},   {24, 1, 32, 32, 32},
    {24, 2, 32, 32, 64},   {12, 1, 64, 64, 64},   {12, 2, 64, 64, 128},  {6, 1, 128, 128, 128},
    {6, 1, 128, 128, 128}, {6, 1, 128, 128, 128}, {6, 1, 128, 128, 128}, {6, 1, 128, 128, 128},
    {6, 2, 128, 128, 256}, {3, 1, 256, 256, 256},
};
static const int8_t weights[WEIGHTS] = {[0 ... WEIGHTS / 2] = 3,
                                        [WEIGHTS / 2 + 1 ... WEIGHTS - 1] = -5};
static const int32_t biases[16 * 1024] = {[0 ... 1023] = 1000, [1024 ... 16 * 1024 - 1] = -700};
static int8_t maps[2][MAP];
static int32_t multipliers[MOST_CHANNELS], shifts[MOST_CHANNELS];

int main(void) {
  for (size_t i = 0; i < MAP; ++i) {
    maps[0][i] = (int8_t)(i * 37);
  }
  for (size_t i = 0; i < MOST_CHANNELS; ++i) {
    multipliers[i] = 0x50000000 + (int32_t)i;
    shifts[i] = -7;
  }
  quant_data_t scaling = {.shift = shifts, .mult = multipliers};
  const int8_t *filter = weights;
  const int32_t *bias = biases;
  int now = 0;
  TRIGGER(start_trigger);
  for (size_t k = 0; k < sizeof NETWORK / sizeof *NETWORK; ++k) {
    const layers *l = &NETWORK[k];
    const int32_t size = l->input_size / l->stride;
    const data_dims_t in = {l->input_size, l->input_size, l->input_channels, 0};
    const data_dims_t taps = {3, 3, 0, 0};
    const data_dims_t middle = {size, size, l->depthwise_channels, 0};
    const int32_t pad = l->stride == 1; /* SAME: an even map read at stride 2 is padded behind */
    const dw_conv_params_t depthwise = {
        .in_offset = 128,
        .out_offset = -128,
        .ch_mult = l->depthwise_channels / l->input_channels,
        .stride = {l->stride, l->stride},
        .padding = {pad, pad},
        .dilation = {1, 1},
        .activation = {-128, 127},
    };
    esp_nn_depthwise_conv_s8(&in, maps[now], &taps, filter, bias, &middle, maps[!now], &depthwise,
                             &scaling);
    now = !now;
    filter += 9 * l->depthwise_channels;
    bias += l->depthwise_channels;
    if (l->output_channels) {
      const data_dims_t point = {1, 1, 0, 0}, out = {size, size, l->output_channels, 0};
      const conv_params_t pointwise = {
          .in_offset = 128,
          .out_offset = -128,
          .stride = {1, 1},
          .padding = {0, 0},
          .dilation = {1, 1},
          .activation = {-128, 127},
      };
      esp_nn_conv_s8(&middle, maps[now], &point, filter, bias, &out, maps[!now], &pointwise,
                     &scaling);
      now = !now;
      filter += l->depthwise_channels * l->output_channels;
      bias += l->output_channels;
    }
  }
  esp_nn_avg_pool_s8(maps[now], 3, 3, maps[!now], 1, 1, 2, 2, 3, 3, 0, 0, -128, 127, MOST_CHANNELS);
  const data_dims_t pooled = {1, 1, MOST_CHANNELS, 0}, point = {1, 1, 0, 0};
  const data_dims_t classes = {1, 1, CLASSES, 0};
  const conv_params_t last = {
      .in_offset = 128, .stride = {1, 1}, .dilation = {1, 1}, .activation = {-128, 127}};
  esp_nn_conv_s8(&pooled, maps[!now], &point, filter, bias, &classes, maps[now], &last, &scaling);
  TRIGGER(stop_trigger);
  return filter + MOST_CHANNELS * CLASSES > weights + WEIGHTS;
}
