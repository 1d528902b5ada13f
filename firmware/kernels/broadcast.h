/* The geometry of an operator on two tensors of which one may be repeated along some axes.
 *
 * Neighbouring axes on which both tensors vary alike are merged, so three axes are enough for
 * residuals (equal shapes), scalars, a value per channel and a value per pixel. A stride counts
 * elements and is 0 along an axis on which the tensor is repeated.
 */
#ifndef BL_BROADCAST_H
#define BL_BROADCAST_H

#include <stdint.h>

typedef struct {
  int32_t outer, middle, inner; /* the output's sizes */
  int32_t a_outer, a_middle, a_inner;
  int32_t b_outer, b_middle, b_inner;
} bl_broadcast;

static inline int bl_broadcast_is_valid(const bl_broadcast *s) {
  return s->outer > 0 && s->middle > 0 && s->inner > 0 && s->a_outer >= 0 && s->a_middle >= 0 &&
         s->a_inner >= 0 && s->b_outer >= 0 && s->b_middle >= 0 && s->b_inner >= 0;
}

#endif
