/* Four outputs at a time, or two where there are few registers. */
#include "fully_connected.h"
#include "scalar.h"

static inline int8_t to_byte(const bl_fully_connected_s8 *p, uint32_t sum, int32_t multiplier,
                             int32_t shift) {
  const int32_t scaled = bl_requantise_once_scalar((int32_t)sum, multiplier, shift);
  return (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), p->activation_min,
                          p->activation_max);
}

bl_status bl_fully_connected_s8_scalar(const bl_fully_connected_s8 *p, const int8_t *input,
                                       const int8_t *filter, const int32_t *bias,
                                       const int32_t *multiplier, const int32_t *shift,
                                       int8_t *output) {
  const int32_t n = p->input_c, outputs = p->output_c;
  if (n <= 0 || outputs <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t next = p->scales > 1; /* 0 where all outputs have the same scale */
  int32_t o = 0;
  for (; BL_FOUR_AT_ONCE && o + 4 <= outputs; filter += 4 * n) {
    uint32_t sums[4] = {(uint32_t)bias[o], (uint32_t)bias[o + 1], (uint32_t)bias[o + 2],
                        (uint32_t)bias[o + 3]};
    bl_dots_of_four(input, filter, n, sums);
    for (int32_t k = 0; k < 4; k++, multiplier += next, shift += next) {
      output[o++] = to_byte(p, sums[k], *multiplier, *shift);
    }
  }
  for (; o < outputs; filter += 2 * n) {
    uint32_t sums[2] = {(uint32_t)bias[o]};
    const int32_t count = o + 1 < outputs ? 2 : 1; /* the last output may be alone */
    if (count == 2) {
      sums[1] = (uint32_t)bias[o + 1];
      bl_two_dots(input, filter, filter + n, n, &sums[0], &sums[1]);
    } else {
      sums[0] = bl_dot(input, filter, n, sums[0]);
    }
    for (int32_t k = 0; k < count; k++, multiplier += next, shift += next) {
      output[o++] = to_byte(p, sums[k], *multiplier, *shift);
    }
  }
  return BL_OK;
}
