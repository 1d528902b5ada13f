/* A stand-in of TinyMaix: the same functions and the same file, by code that is only short. */
#ifndef TINYMAIX_STAND_IN_H
#define TINYMAIX_STAND_IN_H

#include <stdint.h>

#define TM_MDL_INT8 0
#define TM_MDL_FP32 2
#include "tm_port.h"

#if TM_MDL_TYPE == TM_MDL_INT8
typedef int8_t mtype_t;
typedef int32_t btype_t;
typedef int32_t zptype_t;
#else
typedef float mtype_t;
typedef float btype_t;
typedef float zptype_t;
#endif

typedef enum { TM_OK, TM_ERR } tm_err_t;

typedef struct {
  uint16_t dims, h, w, c;
  mtype_t *data;
} tm_mat_t;

typedef struct {
  uint16_t type, is_out;
  uint32_t size, in_oft, out_oft;
  uint16_t in_dims[4], out_dims[4];
  float in_s;
  zptype_t in_zp;
  float out_s;
  zptype_t out_zp;
} tml_head_t;

typedef struct {
  const uint8_t *file;
  uint8_t *buf;
  void *cb;
  uint16_t layer_i;
} tm_mdl_t;

typedef tm_err_t (*tm_cb_t)(tm_mdl_t *model, tml_head_t *head);

tm_err_t tm_load(tm_mdl_t *model, const uint8_t *file, uint8_t *buffer, tm_cb_t after,
                 tm_mat_t *input);
tm_err_t tm_run(tm_mdl_t *model, tm_mat_t *input, tm_mat_t *output);
tm_err_t stand_in_layer(tm_mdl_t *model, const uint8_t *layer, const mtype_t *input);

#endif
