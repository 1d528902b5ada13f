#include <string.h>

#include "indexed.h"

/* Copies runs of `bytes` that begin at values `table[i]` of `from`. */
static uint8_t *row(uint8_t *to, const uint8_t *from, const int32_t *table, int32_t length,
                    int32_t unit, size_t bytes) {
  if (bytes == 1) {
    for (int32_t i = 0; i < length; i++) {
      *to++ = from[table[i]];
    }
    return to;
  }
  for (int32_t i = 0; i < length; i++, to += bytes) {
    memcpy(to, from + table[i] * unit, bytes);
  }
  return to;
}

bl_status bl_indexed_ref(const bl_indexed *p, const void *input, const int32_t *tables,
                         void *output) {
  const int32_t rank = p->rank;
  if (p->unit <= 0 || rank < 1 || rank > BL_INDEXED_AXES || p->run <= 0 || p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t *table[BL_INDEXED_AXES];
  int32_t at[BL_INDEXED_AXES] = {0}; /* the place along each outer axis */
  int32_t product = p->run;
  const int32_t *next = tables + rank;
  for (int32_t k = 0; k < rank; k++) {
    table[k] = next;
    next += tables[k];
    product *= tables[k];
  }
  if (product != p->count) {
    return BL_BAD_ARGUMENT;
  }
  const size_t bytes = (size_t)p->run * (size_t)p->unit;
  uint8_t *to = output;
  for (int32_t k = rank - 1; k >= 0;) {
    int32_t first = 0;
    for (int32_t j = 0; j < rank - 1; j++) {
      first += table[j][at[j]];
    }
    const uint8_t *from = (const uint8_t *)input + first * p->unit;
    to = row(to, from, table[rank - 1], tables[rank - 1], p->unit, bytes);
    for (k = rank - 2; k >= 0; k--) { /* the next place, as an odometer counts */
      if (++at[k] < tables[k]) {
        break;
      }
      at[k] = 0;
    }
  }
  return BL_OK;
}
