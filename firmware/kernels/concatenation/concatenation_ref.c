#include <stdarg.h>
#include <string.h>

#include "concatenation.h"

/* Puts one piece into its place in every row of the output. */
static void put(const bl_concatenation *p, const uint8_t *piece, int32_t start, int32_t length,
                uint8_t *output) {
  const size_t unit = (size_t)p->unit, bytes = (size_t)length * unit;
  const size_t row_bytes = (size_t)p->row_length * unit;
  uint8_t *to = output + (size_t)start * unit;
  for (int32_t row = 0; row < p->rows; row++) {
    memcpy(to, piece, bytes);
    piece += bytes;
    to += row_bytes;
  }
}

bl_status bl_concatenation_ref(const bl_concatenation *p, ...) {
  if (p->unit <= 0 || p->pieces <= 0 || p->rows <= 0 || p->row_length <= 0) {
    return BL_BAD_ARGUMENT;
  }
  va_list pieces, behind;
  va_start(pieces, p);
  va_copy(behind, pieces);
  for (int32_t i = 0; i < p->pieces; i++) {
    (void)va_arg(behind, const void *);
  }
  const int32_t *places = va_arg(behind, const int32_t *);
  uint8_t *output = va_arg(behind, void *);
  va_end(behind);
  bl_status status = BL_OK;
  for (int32_t i = 0; i < p->pieces && status == BL_OK; i++) {
    const int32_t start = places[2 * i], length = places[2 * i + 1];
    const void *piece = va_arg(pieces, const void *);
    if (start < 0 || length < 0 || length > p->row_length - start) {
      status = BL_BAD_ARGUMENT;
    } else {
      put(p, piece, start, length, output);
    }
  }
  va_end(pieces);
  return status;
}
