/* SPACE_TO_BATCH_ND: a map, padded, becomes block_h * block_w smaller ones: the map of row p and
 * column q of the blocks is made of the pixels (y * block_h + p, x * block_w + q). Values stay as
 * they are, of any type. Input and output lie apart.
 */
#ifndef BL_SPACE_TO_BATCH_ND_H
#define BL_SPACE_TO_BATCH_ND_H

#include "kernel.h"

typedef struct {
  int32_t unit; /* bytes of a value */
  int32_t input_h, input_w, channels;
  int32_t block_h, block_w;
  int32_t pad_top, pad_left;
  int32_t output_h, output_w; /* of one of the smaller maps */
  int32_t fill;               /* every byte of a padded value */
  int32_t count;              /* values of the output */
} bl_space_to_batch_nd;

bl_status bl_space_to_batch_nd_ref(const bl_space_to_batch_nd *p, const void *input, void *output);

#endif
