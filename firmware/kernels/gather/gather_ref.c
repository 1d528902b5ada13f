#include <string.h>

#include "gather.h"

/* The k-th of the places, or -1 where it is beyond int32. */
static int32_t place_of(const bl_gather *p, const void *places, int32_t k) {
  if (p->place_bytes == 4) {
    return ((const int32_t *)places)[k];
  }
  const int64_t place = ((const int64_t *)places)[k];
  return place < 0 || place > INT32_MAX ? -1 : (int32_t)place;
}

bl_status bl_gather_ref(const bl_gather *p, const void *values, const void *places, void *output) {
  if (p->unit <= 0 || p->outer <= 0 || p->size <= 0 || p->inner <= 0 || p->places <= 0 ||
      (p->place_bytes != 4 && p->place_bytes != 8)) {
    return BL_BAD_ARGUMENT;
  }
  const size_t run = (size_t)p->inner * (size_t)p->unit;
  const uint8_t *from = values;
  uint8_t *to = output;
  for (int32_t o = 0; o < p->outer; o++, from += (size_t)p->size * run) {
    for (int32_t k = 0; k < p->places; k++, to += run) {
      const int32_t place = place_of(p, places, k);
      if (place < 0 || place >= p->size) {
        return BL_BAD_ARGUMENT;
      }
      memcpy(to, from + (size_t)place * run, run);
    }
  }
  return BL_OK;
}

bl_status bl_gather_table_ref(const bl_gather *p, const void *places, const void *values,
                              void *output) {
  return bl_gather_ref(p, values, places, output);
}
