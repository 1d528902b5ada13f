#include <string.h>

#include "space_to_batch_nd.h"

bl_status bl_space_to_batch_nd_ref(const bl_space_to_batch_nd *p, const void *input, void *output) {
  if (p->unit <= 0 || p->channels <= 0 || p->block_h <= 0 || p->block_w <= 0 ||
      p->count != p->block_h * p->block_w * p->output_h * p->output_w * p->channels) {
    return BL_BAD_ARGUMENT;
  }
  const size_t bytes = (size_t)p->channels * (size_t)p->unit; /* of a pixel */
  uint8_t *to = output;
  for (int32_t map = 0; map < p->block_h * p->block_w; map++) {
    for (int32_t y = 0; y < p->output_h; y++) {
      const int32_t row = y * p->block_h + map / p->block_w - p->pad_top;
      for (int32_t x = 0; x < p->output_w; x++, to += bytes) {
        const int32_t column = x * p->block_w + map % p->block_w - p->pad_left;
        if (row < 0 || row >= p->input_h || column < 0 || column >= p->input_w) {
          memset(to, p->fill, bytes);
        } else {
          memcpy(to, (const uint8_t *)input + (size_t)(row * p->input_w + column) * bytes, bytes);
        }
      }
    }
  }
  return BL_OK;
}
