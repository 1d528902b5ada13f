/* Goes through the layers of the file. */
#include <string.h>

#include "tinymaix.h"

tm_err_t tm_load(tm_mdl_t *model, const uint8_t *file, uint8_t *buffer, tm_cb_t after,
                 tm_mat_t *input) {
  model->file = file;
  model->buf = buffer;
  model->cb = (void *)after;
  memcpy(input, file + 20, 8);
  return !memcmp(file, "MAIX", 4) && file[4] == TM_MDL_TYPE ? TM_OK : TM_ERR;
}

tm_err_t tm_run(tm_mdl_t *model, tm_mat_t *input, tm_mat_t *output) {
  uint16_t layers;
  memcpy(&layers, model->file + 10, sizeof layers);
  const uint8_t *layer = model->file + 64;
  for (model->layer_i = 0; model->layer_i < layers; model->layer_i++) {
    tml_head_t head;
    memcpy(&head, layer, sizeof head);
    const mtype_t *source =
        model->layer_i ? (const mtype_t *)(model->buf + head.in_oft) : input->data;
    if (stand_in_layer(model, layer, source) != TM_OK) {
      return TM_ERR;
    }
    ((tm_cb_t)model->cb)(model, &head);
    if (head.is_out) {
      output->data = (mtype_t *)(model->buf + head.out_oft);
    }
    layer += head.size;
  }
  return TM_OK;
}
