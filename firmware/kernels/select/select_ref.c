#include <string.h>

#include "select.h"

static bl_status each(const bl_select *p, size_t bytes, const uint8_t *condition, const uint8_t *a,
                      const uint8_t *b, uint8_t *output) {
  const bl_select_shape *s = &p->shape;
  if (s->outer <= 0 || s->middle <= 0 || s->inner <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t size = (int32_t)bytes;
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const uint8_t *row = condition + o * s->condition_outer + m * s->condition_middle;
      const uint8_t *row_a = a + (o * s->a_outer + m * s->a_middle) * size;
      const uint8_t *row_b = b + (o * s->b_outer + m * s->b_middle) * size;
      for (int32_t i = 0; i < s->inner; i++, output += size) {
        const int first = (row[i * s->condition_inner] != 0) != (p->reversed != 0);
        memcpy(output, first ? row_a + i * s->a_inner * size : row_b + i * s->b_inner * size,
               bytes);
      }
    }
  }
  return BL_OK;
}

bl_status bl_select_s8_ref(const bl_select *p, const uint8_t *condition, const void *a,
                           const void *b, void *output) {
  return each(p, 1, condition, a, b, output);
}

bl_status bl_select_f32_ref(const bl_select *p, const uint8_t *condition, const void *a,
                            const void *b, void *output) {
  return each(p, 4, condition, a, b, output);
}
