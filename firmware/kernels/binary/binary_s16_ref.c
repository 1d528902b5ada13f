#include "binary.h"
#include "pairs.h"

static int32_t maximum(const void *params, int32_t a, int32_t b) {
  (void)params;
  return a > b ? a : b;
}

static int32_t minimum(const void *params, int32_t a, int32_t b) {
  (void)params;
  return a < b ? a : b;
}

bl_status bl_maximum_s16_ref(const bl_extreme_s16 *p, const int16_t *a, const int16_t *b,
                             int16_t *output) {
  return bl_pairs_s16(&p->shape, p, maximum, a, b, output);
}

bl_status bl_minimum_s16_ref(const bl_extreme_s16 *p, const int16_t *a, const int16_t *b,
                             int16_t *output) {
  return bl_pairs_s16(&p->shape, p, minimum, a, b, output);
}
