#include "lookup.h"

bl_status bl_lookup_s8_ref(const bl_lookup_s8 *p, const int8_t *input, const int8_t *table,
                           int8_t *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int8_t *of_zero = table + 128;
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = of_zero[input[i]];
  }
  return BL_OK;
}
