/* Windows of a band, one channel after the other. A firmware has only the functions that its layers
 * call. */
#include "slide_windows.h"

/* `step` (1 or 2) and `relu` are constants wherever this is called. */
BL_INLINE void band_of(bl_band *b, const uint32_t *pairs, int8_t *outputs, int32_t step, int relu) {
  const int32_t stride = b->stride, row_bytes = b->row_bytes;
  const int32_t left = b->width & 3, behind_fours = (b->width - left) * stride;
  const int32_t fours = b->width / 4 * 2 * step * BL_GROUP; /* words */
  const int32_t to_end = fours + b->words;
  const bl_sliding *next = b->next;
  for (int32_t c = b->channels; c > 0; c--, pairs += b->apart, outputs++) {
    bl_set_channel(&b->lane, next++);
    b->lane.stop = pairs + to_end;
    if (fours) {
      b->lane.last_stop = b->lane.stop - b->row_words;
      b->lane.stop = pairs + fours;
      bl_slide_by_4(&b->lane, pairs, row_bytes, outputs, stride, step, relu);
      b->lane.stop = pairs + to_end;
    }
    const uint32_t *const rest = pairs + fours;
    int8_t *const output = outputs + behind_fours;
    if (left == 3) {
      bl_slide_3(&b->lane, rest, row_bytes, output, stride, step, relu);
    } else if (left) {
      bl_slide_2(&b->lane, rest, row_bytes, output, left > 1 ? stride : 0, step, relu);
    }
  }
  b->next = next;
}

void bl_band_by_1(bl_band *b, const uint32_t *pairs, int8_t *outputs) {
  band_of(b, pairs, outputs, 1, 0);
}

void bl_band_by_2(bl_band *b, const uint32_t *pairs, int8_t *outputs) {
  band_of(b, pairs, outputs, 2, 0);
}

void bl_relu_band_by_1(bl_band *b, const uint32_t *pairs, int8_t *outputs) {
  band_of(b, pairs, outputs, 1, 1);
}

void bl_relu_band_by_2(bl_band *b, const uint32_t *pairs, int8_t *outputs) {
  band_of(b, pairs, outputs, 2, 1);
}
