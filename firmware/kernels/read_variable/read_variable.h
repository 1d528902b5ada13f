/* READ_VARIABLE and ASSIGN_VARIABLE: copy a value that lives from one inference to the next out of
 * its place, or into it. */
#ifndef BL_READ_VARIABLE_H
#define BL_READ_VARIABLE_H

#include "kernel.h"

typedef struct {
  int32_t count;      /* values */
  int32_t item_bytes; /* of each */
} bl_read_variable;

bl_status bl_read_variable_ref(const bl_read_variable *p, const void *input, void *output);

#endif
