/* Float layers to be called one after the other from a sketch, with the weights as they were
 * trained: batch normalisation is a layer of its own, nothing is folded, nothing is generated.
 *
 * Contract of all of them:
 * - Maps are CHW, one picture: x[(c * h + row) * w + column]. The kernels that the compiler calls
 *   (conv_2d, depthwise_conv_2d, ...) are NHWC; the two do not mix without a transposition.
 * - `map` is the shape of the input; where the shape changes it holds the output's on return.
 * - Input and output are different buffers except where a function says "in place".
 * - A bad shape is refused with BL_BAD_ARGUMENT before anything is written.
 * - No heap, no globals; the caller owns every buffer.
 *
 * firmware/examples/mobile_lenet_layers runs a whole network so.
 */
#ifndef BL_LAYERS_H
#define BL_LAYERS_H

#include "kernel.h"

typedef struct {
  int32_t c, h, w;
} bl_layer_map;

/* The place of padding decides which pixels a stride of 2 reads: with a 3x3 filter on an even map
 * SYMMETRIC centres the first window on pixel 0, SAME on pixel 1. Weights trained with one lose
 * over ten points of accuracy with the other. They agree with stride 1 and, for 3x3 filters with
 * stride 2, on odd maps.
 *
 *   VALID      none; output (size - kernel) / stride + 1
 *   SYMMETRIC  (kernel - 1) / 2 on every side, as ZeroPadding2D before a VALID layer;
 *              output (size + 2 * ((kernel - 1) / 2) - kernel) / stride + 1
 *   SAME       TensorFlow's: as much as the output size ceil(size / stride) needs, the odd pixel
 *              at the bottom and right
 */
typedef enum {
  BL_PADDING_VALID,
  BL_PADDING_SYMMETRIC,
  BL_PADDING_SAME,
} bl_padding;

/* The movement of a square filter over the map. */
typedef struct {
  int32_t kernel, stride; /* pixels */
  bl_padding padding;
} bl_layer_window;

/* weight [output_c][c][kernel][kernel], bias [output_c] or NULL. output: output_c maps. */
bl_status bl_layer_conv(const float *input, bl_layer_map *map, int32_t output_c,
                        bl_layer_window window, const float *weight, const float *bias,
                        float *output);

/* The movement of a square pooling window; what does not fill a whole window is left out. */
typedef struct {
  int32_t size, stride; /* pixels */
} bl_layer_pool;

/* A convolution and the largest value of each pooling window of its output, which is in memory one
 * channel at a time: `spare` holds a channel of the convolution, output: output_c pooled maps. */
bl_status bl_layer_conv_pool(const float *input, bl_layer_map *map, int32_t output_c,
                             bl_layer_window window, bl_layer_pool pool, const float *weight,
                             const float *bias, float *spare, float *output);

/* weight [c][kernel][kernel], bias [c] or NULL. output: c maps. */
bl_status bl_layer_depthwise(const float *input, bl_layer_map *map, bl_layer_window window,
                             const float *weight, const float *bias, float *output);

/* x = max(0, gamma * (x - mean) / sqrt(variance + epsilon) + beta), in place.
 * bn [4][c]: gamma | beta | mean | variance. */
bl_status bl_layer_bn_relu(float *x, const bl_layer_map *map, const float *bn, float epsilon);

/* A depthwise-separable block: depthwise 3x3, BN, ReLU, pointwise 1x1, BN, ReLU, without biases.
 * The result is in x again; spare holds the map between the two convolutions. */
typedef struct {
  int32_t output_c, stride;
  bl_padding padding;
  const float *dw, *dw_bn; /* [c][3][3], [4][c] */
  const float *pw, *pw_bn; /* [output_c][c], [4][output_c] */
  float epsilon;
} bl_layer_block;

bl_status bl_layer_dw_pw(float *x, float *spare, bl_layer_map *map, const bl_layer_block *block);

/* Global average pooling to c values, in place; the map becomes c x 1 x 1. */
bl_status bl_layer_gap(float *x, bl_layer_map *map);

/* output[o] = bias[o] + sum over i of input[i] * weight[o][i]; bias may be NULL. */
bl_status bl_layer_dense(const float *input, int32_t inputs, int32_t outputs, const float *weight,
                         const float *bias, float *output);

/* Probabilities of `count` logits, in place; the largest is subtracted first, so nothing
 * overflows. */
bl_status bl_layer_softmax(float *x, int32_t count);

#endif
