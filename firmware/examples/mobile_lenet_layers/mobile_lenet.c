#include "mobile_lenet.h"

/* The largest map is 28x28x8; two buffers of that size hold everything but the weights. */
static float feature_a[28 * 28 * 8], feature_b[28 * 28 * 8];

#define DO(call)                     \
  do {                               \
    const bl_status status = (call); \
    if (status != BL_OK) {           \
      return status;                 \
    }                                \
  } while (0)

bl_status mobile_lenet(const float *input, float *probabilities) {
  float *x = feature_b, *spare = feature_a;
  bl_layer_map map = {.c = 3, .h = 28, .w = 28};
  for (int32_t i = 0; i < 3 * 28 * 28; i++) {
    feature_a[i] = input[i];
  }

  /* Stem: conv 3x3 (3 -> 8), BN, ReLU */
  const bl_layer_window stem = {.kernel = 3, .stride = 1, .padding = BL_PADDING_SYMMETRIC};
  DO(bl_layer_conv(feature_a, &map, 8, stem, w01, b01, feature_b));
  DO(bl_layer_bn_relu(feature_b, &map, bn01, EPSILON));

  /* Blocks: depthwise 3x3, BN, ReLU, pointwise 1x1, BN, ReLU. Each leaves its result in x. */
  static const bl_layer_block blocks[] = {
      {8, 1, BL_PADDING_SYMMETRIC, w02, bn02, w03, bn03, EPSILON},
      {8, 1, BL_PADDING_SYMMETRIC, w04, bn04, w05, bn05, EPSILON},
      {16, 2, BL_PADDING_SYMMETRIC, w06, bn06, w07, bn07, EPSILON},
      {16, 1, BL_PADDING_SYMMETRIC, w08, bn08, w09, bn09, EPSILON},
      {24, 2, BL_PADDING_SYMMETRIC, w10, bn10, w11, bn11, EPSILON},
      {24, 1, BL_PADDING_SYMMETRIC, w12, bn12, w13, bn13, EPSILON},
  };
  for (uint32_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
    DO(bl_layer_dw_pw(x, spare, &map, &blocks[i]));
  }

  /* Global average pooling, dense (24 -> 8), softmax */
  DO(bl_layer_gap(x, &map));
  DO(bl_layer_dense(x, map.c, CLASSES, w14, b14, probabilities));
  return bl_layer_softmax(probabilities, CLASSES);
}
