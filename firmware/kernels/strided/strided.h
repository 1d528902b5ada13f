/* A copy of values that lie in the input at regular distances, along each of a few axes: what
 * slices, transposed and repeated tensors are. The values may be of any type, 1, 2, 4 or 8 bytes
 * wide, and stay as they are. Input and output lie apart.
 *
 * `axes` holds two numbers per axis, the outermost axis first: the length of the axis, and how many
 * values of the input lie from one place to the next. That distance may be 0 or negative. The
 * output is written in order, the innermost axis first; runs at distance 1 are copied whole.
 */
#ifndef BL_STRIDED_H
#define BL_STRIDED_H

#include "kernel.h"

#define BL_STRIDED_AXES 8

typedef struct {
  int32_t unit;  /* bytes of a value */
  int32_t rank;  /* number of axes, 1 .. BL_STRIDED_AXES */
  int32_t start; /* number of the input's value that comes first */
  int32_t count; /* values of the output */
  int32_t reach; /* values of the input up to the last one that is read */
} bl_strided;

bl_status bl_strided_ref(const bl_strided *p, const void *input, const int32_t *axes, void *output);

#endif
