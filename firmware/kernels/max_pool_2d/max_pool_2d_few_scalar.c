#include "max_pool_2d.h"
#include "pool.h"

typedef struct {
  int32_t low, high;
} bounds;

static inline int8_t largest(void *state, const bl_pool_part *part) {
  const bounds *b = state;
  int32_t best = b->low;
  const int8_t *row = part->from;
  const int32_t span = part->columns * part->column_step;
  for (int32_t k = part->rows; k > 0; k--, row += part->row_step) {
    for (const int8_t *at = row; at < row + span; at += part->column_step) {
      best = *at > best ? *at : best;
    }
  }
  return (int8_t)bl_smaller(best, b->high);
}

bl_status bl_max_pool_2d_s8_few_scalar(const bl_max_pool_2d_s8 *p, const int8_t *input,
                                       int8_t *output) {
  bounds state = {p->activation_min, p->activation_max};
  return bl_pool_map(&p->window, 1, input, output, &state, largest);
}
