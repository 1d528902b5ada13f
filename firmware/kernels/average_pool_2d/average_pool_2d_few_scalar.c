#include "means.h"
#include "pool.h"

typedef struct {
  int32_t low, high;
  bl_mean_of mean;
} bounded_means;

static inline int8_t average(void *state, const bl_pool_part *part) {
  bounded_means *s = state;
  const int32_t count = part->rows * part->columns;
  if (count != s->mean.count) {
    s->mean = bl_mean_of_count(count);
  }
  int32_t sum = 0;
  const int8_t *row = part->from;
  const int32_t span = part->columns * part->column_step;
  for (int32_t k = part->rows; k > 0; k--, row += part->row_step) {
    for (const int8_t *at = row; at < row + span; at += part->column_step) {
      sum += *at;
    }
  }
  return (int8_t)bl_clamp(bl_mean_scalar(sum, &s->mean), s->low, s->high);
}

bl_status bl_average_pool_2d_s8_few_scalar(const bl_average_pool_2d_s8 *p, const int8_t *input,
                                           int8_t *output) {
  bounded_means state = {p->activation_min, p->activation_max, bl_mean_of_count(1)};
  return bl_pool_map(&p->window, 0, input, output, &state, average);
}
