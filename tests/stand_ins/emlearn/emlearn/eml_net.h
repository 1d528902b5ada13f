/* A stand-in of emlearn's header of the same name: dense layers, one after the other. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "eml_common.h"
#include "eml_log.h"
#include "eml_net_common.h"

typedef struct {
  int32_t n_outputs, n_inputs;
  const float *weights, *biases;
  EmlNetActivationFunction activation;
} EmlNetLayer;

typedef struct {
  int32_t n_layers;
  const EmlNetLayer *layers;
  float *activations1, *activations2;
} EmlNet;

static EmlError eml_net_layer(const EmlNetLayer *layer, const float *in, float *out) {
  float sum = 0;
  for (int o = 0; o < layer->n_outputs; o++) {
    out[o] = layer->biases[o];
    for (int i = 0; i < layer->n_inputs; i++) {
      out[o] += layer->weights[i * layer->n_outputs + o] * in[i];
    }
    if (layer->activation == EmlNetRelu && out[o] < 0) {
      out[o] = 0;
    }
    if (layer->activation == EmlNetSoftmax) {
      out[o] = expf(out[o]);
      sum += out[o];
    }
  }
  for (int o = 0; layer->activation == EmlNetSoftmax && o < layer->n_outputs; o++) {
    out[o] /= sum;
  }
  return EmlOk;
}

static EmlError eml_net_infer(EmlNet *net, const float *in, int32_t length) {
  if (length != net->layers[0].n_inputs) {
    return EmlSizeMismatch;
  }
  for (int i = 0; i < net->n_layers; i++) {
    EML_CHECK_ERROR(eml_net_layer(&net->layers[i], in, net->activations2));
    memcpy(net->activations1, net->activations2, net->layers[i].n_outputs * sizeof(float));
    in = net->activations1;
  }
  return EmlOk;
}
