/* SPLIT, SPLIT_V and UNPACK: each row of the input is cut into pieces, and each output holds its
 * piece of all rows. The values may be of any type and stay as they are. All tensors lie apart.
 */
#ifndef BL_PIECES_H
#define BL_PIECES_H

#include "kernel.h"

typedef struct {
  int32_t unit;       /* bytes of a value */
  int32_t pieces;     /* number of outputs */
  int32_t rows;       /* product of the axes before the one that is cut */
  int32_t row_length; /* values of an input row */
} bl_pieces;

/* `lengths` holds the values of each piece of a row; `pieces` outputs follow, void *. */
bl_status bl_pieces_ref(const bl_pieces *p, const void *input, const int32_t *lengths, ...);

#endif
