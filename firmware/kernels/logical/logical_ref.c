#include "logical.h"

bl_status bl_logical_and_ref(const bl_logical *p, const uint8_t *a, const uint8_t *b,
                             uint8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const uint8_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const uint8_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        *output++ = row_a[i * s->a_inner] && row_b[i * s->b_inner];
      }
    }
  }
  return BL_OK;
}

bl_status bl_logical_or_ref(const bl_logical *p, const uint8_t *a, const uint8_t *b,
                            uint8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++) {
      const uint8_t *row_a = a + o * s->a_outer + m * s->a_middle;
      const uint8_t *row_b = b + o * s->b_outer + m * s->b_middle;
      for (int32_t i = 0; i < s->inner; i++) {
        *output++ = row_a[i * s->a_inner] || row_b[i * s->b_inner];
      }
    }
  }
  return BL_OK;
}

bl_status bl_logical_not_ref(const bl_logical_not *p, const uint8_t *input, uint8_t *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    output[i] = !input[i];
  }
  return BL_OK;
}
