#include "logistic.h"

bl_status bl_logistic_s16_ref(const bl_logistic_s16 *p, const int16_t *input, const uint16_t *table,
                              int16_t *output) {
  if (p->count <= 0 || p->shift < 0 || p->shift > 31) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t half = p->shift > 0 ? 1 << (p->shift - 1) : 0;
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t x = (input[i] * p->multiplier + half) >> p->shift;
    const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
    const uint32_t at = magnitude >> 9;
    uint32_t found = UINT32_C(0x7fff) << 10; /* 25 bits below the point */
    if (at < 255) {
      found =
          ((uint32_t)table[at] << 9) + (magnitude & 0x1ff) * (uint32_t)(table[at + 1] - table[at]);
    }
    const uint32_t rounded = x >= 0 ? found + (1 << 9) : (1 << 25) - found + (1 << 9) - 1;
    output[i] = (int16_t)(rounded >> 10);
  }
  return BL_OK;
}
