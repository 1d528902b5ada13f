#include "tanh.h"

/* tanh(x) = 2 / (1 + exp(-2 x)) - 1 */
bl_status bl_tanh_s16_ref(const bl_tanh_s16 *p, const int16_t *input, const uint16_t *table,
                          int16_t *output) {
  if (p->count <= 0 || p->shift < 0 || p->shift > 31) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t half = p->shift > 0 ? 1 << (p->shift - 1) : 0;
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t x = (input[i] * p->multiplier + half) >> p->shift;
    const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
    const uint32_t at = magnitude >> 8;
    int32_t found = 0xffff << 8; /* 24 bits below the point */
    if (at < 255) {
      found = (table[at] << 8) + (int32_t)(magnitude & 0xff) * (table[at + 1] - table[at]);
    }
    const int32_t rounded =
        x >= 0 ? found - (1 << 23) + (1 << 7) : (1 << 23) - found + (1 << 7) - 1;
    output[i] = (int16_t)(rounded >> 8);
  }
  return BL_OK;
}
