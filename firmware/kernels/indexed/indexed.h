/* A copy of values whose places in the input stand in tables, one per axis: what operators do that
 * gather, mirror or enlarge. The values may be of any type, 1, 2, 4 or 8 bytes wide, and stay as
 * they are. Input and output lie apart.
 *
 * `tables` holds the length of each axis, the outermost axis first, and then the table of each axis
 * in the same order. The entries of a place, one from each table, add up to the number of the first
 * of `run` values that are copied there.
 */
#ifndef BL_INDEXED_H
#define BL_INDEXED_H

#include "kernel.h"

#define BL_INDEXED_AXES 8

typedef struct {
  int32_t unit;  /* bytes of a value */
  int32_t rank;  /* number of axes, 1 .. BL_INDEXED_AXES */
  int32_t run;   /* values that lie side by side in both tensors */
  int32_t count; /* values of the output */
  int32_t reach; /* values of the input up to the last one that is read */
} bl_indexed;

bl_status bl_indexed_ref(const bl_indexed *p, const void *input, const int32_t *tables,
                         void *output);

#endif
