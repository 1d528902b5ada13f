#include <string.h>

#include "strided.h"

/* Copies `count` values that are `step` values apart into a row. */
#define ROW(type)                                                                   \
  static void row_##type(type *to, const type *from, int32_t count, int32_t step) { \
    for (int32_t i = 0; i < count; i++) {                                           \
      to[i] = from[i * step];                                                       \
    }                                                                               \
  }

ROW(uint8_t)
ROW(uint16_t)
ROW(uint32_t)
ROW(uint64_t)

static void row(void *to, const void *from, int32_t unit, int32_t count, int32_t step) {
  if (step == 1 || count == 1) {
    memcpy(to, from, (size_t)(count * unit));
  } else if (unit == 1) {
    row_uint8_t(to, from, count, step);
  } else if (unit == 2) {
    row_uint16_t(to, from, count, step);
  } else if (unit == 4) {
    row_uint32_t(to, from, count, step);
  } else {
    row_uint64_t(to, from, count, step);
  }
}

bl_status bl_strided_ref(const bl_strided *p, const void *input, const int32_t *axes,
                         void *output) {
  const int32_t unit = p->unit, rank = p->rank;
  if ((unit != 1 && unit != 2 && unit != 4 && unit != 8) || rank < 1 || rank > BL_STRIDED_AXES ||
      p->start < 0 || p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  int32_t product = 1;
  for (int32_t k = 0; k < rank; k++) {
    product *= axes[2 * k];
  }
  if (product != p->count) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t length = axes[2 * rank - 2], step = axes[2 * rank - 1];
  uint8_t *to = output;
  int32_t place = p->start;          /* number of the value that comes next */
  int32_t at[BL_STRIDED_AXES] = {0}; /* the place along each outer axis */
  for (int32_t k = rank - 1; k >= 0;) {
    row(to, (const uint8_t *)input + place * unit, unit, length, step);
    to += length * unit;
    for (k = rank - 2; k >= 0; k--) { /* the next place, as an odometer counts */
      place += axes[2 * k + 1];
      if (++at[k] < axes[2 * k]) {
        break;
      }
      place -= axes[2 * k] * axes[2 * k + 1];
      at[k] = 0;
    }
  }
  return BL_OK;
}
