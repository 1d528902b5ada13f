/* SUB in float32: output = act(a - b), or act(b - a) where `reversed` is set (a constant is always
 * `b`), broadcast as broadcast.h says. Int8 uses add.h. output may begin where an input of
 * its own shape begins, or before it.
 */
#ifndef BL_SUB_H
#define BL_SUB_H

#include "broadcast.h"
#include "kernel.h"

typedef struct {
  bl_broadcast shape;
  int32_t reversed;
  float activation_min, activation_max;
} bl_sub_f32;

bl_status bl_sub_f32_ref(const bl_sub_f32 *p, const float *a, const float *b, float *output);

#endif
