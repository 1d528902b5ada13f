/* CONCATENATION and PACK: each piece is `rows` blocks, which go to their place in each row of the
 * output. The values may be of any type and stay as they are. All tensors lie apart.
 */
#ifndef BL_CONCATENATION_H
#define BL_CONCATENATION_H

#include "kernel.h"

typedef struct {
  int32_t unit;       /* bytes of a value */
  int32_t pieces;     /* number of inputs */
  int32_t rows;       /* product of the axes before the one of the concatenation */
  int32_t row_length; /* values of an output row */
} bl_concatenation;

/* The arguments behind p, as the compiler passes them:
 *   const void *piece, `pieces` times, activations first;
 *   const int32_t *places, (pieces, 2): where the piece starts in a row, and its length there;
 *   void *output. */
bl_status bl_concatenation_ref(const bl_concatenation *p, ...);

#endif
