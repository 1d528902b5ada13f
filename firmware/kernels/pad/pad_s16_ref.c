#include "pad.h"

bl_status bl_pad_s16_ref(const bl_pad_s16 *p, const int16_t *input, int16_t *output) {
  if (p->input_h <= 0 || p->input_w <= 0 || p->input_c <= 0 || p->top < 0 || p->bottom < 0 ||
      p->left < 0 || p->right < 0 || p->before < 0 || p->after < 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t y = -p->top; y < p->input_h + p->bottom; y++) {
    for (int32_t x = -p->left; x < p->input_w + p->right; x++) {
      const int inside = y >= 0 && y < p->input_h && x >= 0 && x < p->input_w;
      for (int32_t c = -p->before; c < p->input_c + p->after; c++) {
        *output++ = inside && c >= 0 && c < p->input_c ? *input++ : (int16_t)p->value;
      }
    }
  }
  return BL_OK;
}
