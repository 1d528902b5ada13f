/* The interface between generated code and the inference server. */
#ifndef BL_MODEL_H
#define BL_MODEL_H

#include <stdint.h>

#include "kernel.h"

typedef enum { BL_INT8, BL_FLOAT32, BL_INT16, BL_INT32, BL_INT64, BL_BOOL } bl_type;

typedef struct {
  void *data; /* in the arena; an inference may overwrite an input */
  uint32_t bytes, count;
  bl_type type;
  const char *shape; /* such as "1x28x28x3" */
  float scale;       /* real = scale * (q - zero_point) */
  int32_t zero_point;
} bl_tensor;

typedef struct {
  const char *name;     /* such as "digits_cnn:int8" */
  const char *build_id; /* 16 hex digits: hash of sources, model, flags and compiler */
  bl_tensor input, output;
  uint32_t layers, arena_bytes, weights_bytes;
} bl_model;

extern const bl_model bl_the_model;
extern const uint8_t bl_weights[];

bl_status bl_model_invoke(void);

/* Generated code calls bl_mark(i) before layer i and bl_mark(layers) after the last. */
void bl_mark(uint32_t layer);

#endif
