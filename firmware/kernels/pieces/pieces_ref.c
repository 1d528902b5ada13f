#include <stdarg.h>
#include <string.h>

#include "pieces.h"

bl_status bl_pieces_ref(const bl_pieces *p, const void *input, const int32_t *lengths, ...) {
  if (p->unit <= 0 || p->pieces <= 0 || p->rows <= 0 || p->row_length <= 0) {
    return BL_BAD_ARGUMENT;
  }
  int32_t left = p->row_length;
  for (int32_t i = 0; i < p->pieces; i++) {
    if (lengths[i] <= 0 || lengths[i] > left) {
      return BL_BAD_ARGUMENT;
    }
    left -= lengths[i];
  }
  const size_t row_bytes = (size_t)p->row_length * (size_t)p->unit;
  const uint8_t *piece = input; /* of the first row */
  va_list outputs;
  va_start(outputs, lengths);
  for (int32_t i = 0; i < p->pieces; i++) {
    const size_t bytes = (size_t)lengths[i] * (size_t)p->unit;
    uint8_t *to = va_arg(outputs, void *);
    const uint8_t *from = piece;
    for (int32_t row = 0; row < p->rows; row++) {
      memcpy(to, from, bytes);
      to += bytes;
      from += row_bytes;
    }
    piece += bytes;
  }
  va_end(outputs);
  return BL_OK;
}
