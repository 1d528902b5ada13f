#include <string.h>

#include "read_variable.h"

bl_status bl_read_variable_ref(const bl_read_variable *p, const void *input, void *output) {
  if (p->count <= 0 || p->item_bytes <= 0) {
    return BL_BAD_ARGUMENT;
  }
  memcpy(output, input, (size_t)p->count * (size_t)p->item_bytes);
  return BL_OK;
}
