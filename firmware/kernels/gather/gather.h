/* GATHER: output[o, k, i] = values[o, places[k], i], of values of any type, which stay as they are.
 * places holds int32 or int64 numbers; one that is none of the axis' places ends the call with
 * BL_BAD_ARGUMENT. Inputs and output lie apart.
 */
#ifndef BL_GATHER_H
#define BL_GATHER_H

#include "kernel.h"

typedef struct {
  int32_t unit;               /* bytes of a value */
  int32_t outer, size, inner; /* values has this shape */
  int32_t places;             /* how many are taken */
  int32_t place_bytes;        /* of each number, 4 or 8 */
} bl_gather;

bl_status bl_gather_ref(const bl_gather *p, const void *values, const void *places, void *output);

/* The same of values that are a constant. */
bl_status bl_gather_table_ref(const bl_gather *p, const void *places, const void *values,
                              void *output);

#endif
