#include <stdarg.h>
#include <string.h>

#include "concatenation.h"

static int is_valid(const bl_concatenation_s8 *p) {
  return p->pieces > 0 && p->pieces <= BL_CONCATENATION_PIECES && p->rows > 0 && p->row_length > 0;
}

/* All sizes in bytes; `unit` is that of an element. */
static bl_status copy(const bl_concatenation_s8 *p, const void *const *pieces,
                      const int32_t *places, uint8_t *output, size_t unit) {
  for (int32_t i = 0; i < p->pieces; i++) {
    const int32_t start = places[2 * i], length = places[2 * i + 1];
    if (start < 0 || length < 0 || length > p->row_length - start) {
      return BL_BAD_ARGUMENT;
    }
    const uint8_t *from = pieces[i];
    for (int32_t row = 0; row < p->rows; row++) {
      const size_t at = (size_t)row * (size_t)p->row_length + (size_t)start;
      memcpy(output + at * unit, from, (size_t)length * unit);
      from += (size_t)length * unit;
    }
  }
  return BL_OK;
}

bl_status bl_concatenation_s8_ref(const bl_concatenation_s8 *p, ...) {
  const void *pieces[BL_CONCATENATION_PIECES];
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  va_list arguments;
  va_start(arguments, p);
  for (int32_t i = 0; i < p->pieces; i++) {
    pieces[i] = va_arg(arguments, const int8_t *);
  }
  const int32_t *places = va_arg(arguments, const int32_t *);
  int8_t *output = va_arg(arguments, int8_t *);
  va_end(arguments);
  return copy(p, pieces, places, (uint8_t *)output, sizeof *output);
}

bl_status bl_concatenation_f32_ref(const bl_concatenation_f32 *p, ...) {
  const void *pieces[BL_CONCATENATION_PIECES];
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  va_list arguments;
  va_start(arguments, p);
  for (int32_t i = 0; i < p->pieces; i++) {
    pieces[i] = va_arg(arguments, const float *);
  }
  const int32_t *places = va_arg(arguments, const int32_t *);
  float *output = va_arg(arguments, float *);
  va_end(arguments);
  return copy(p, pieces, places, (uint8_t *)output, sizeof *output);
}
