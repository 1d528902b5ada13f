/* CONCATENATION along any axis: each piece is `rows` blocks, which go to their place in each row of
 * the output. All pieces have the output's scale and zero point.
 */
#ifndef BL_CONCATENATION_H
#define BL_CONCATENATION_H

#include "kernel.h"

#define BL_CONCATENATION_PIECES 16

typedef struct {
  int32_t pieces;     /* 1 .. BL_CONCATENATION_PIECES */
  int32_t rows;       /* product of the axes before the one of the concatenation */
  int32_t row_length; /* elements of an output row */
} bl_concatenation_s8;

typedef bl_concatenation_s8 bl_concatenation_f32;

/* The arguments behind p, as the compiler passes them:
 *   const T *piece, `pieces` times, activations first;
 *   const int32_t *places, (pieces, 2): where the piece starts in a row, and its length there;
 *   T *output, apart from all pieces. */
bl_status bl_concatenation_s8_ref(const bl_concatenation_s8 *p, ...);

bl_status bl_concatenation_f32_ref(const bl_concatenation_f32 *p, ...);

#endif
