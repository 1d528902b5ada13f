/* Logic of bool values, 0 or 1, broadcast as broadcast.h says. output may begin where an input of
 * its own shape begins, or before it.
 */
#ifndef BL_LOGICAL_H
#define BL_LOGICAL_H

#include "broadcast.h"
#include "kernel.h"

typedef struct {
  bl_broadcast shape;
} bl_logical;

typedef struct {
  int32_t count;
} bl_logical_not;

bl_status bl_logical_and_ref(const bl_logical *p, const uint8_t *a, const uint8_t *b,
                             uint8_t *output);

bl_status bl_logical_or_ref(const bl_logical *p, const uint8_t *a, const uint8_t *b,
                            uint8_t *output);

bl_status bl_logical_not_ref(const bl_logical_not *p, const uint8_t *input, uint8_t *output);

#endif
