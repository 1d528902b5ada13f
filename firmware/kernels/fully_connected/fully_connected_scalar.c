/* Four outputs at a time. */
#include "fully_connected.h"
#include "scalar.h"

static inline int8_t to_byte(const bl_fully_connected_s8 *p, uint32_t sum, int32_t o,
                             const int32_t *multiplier, const int32_t *shift) {
  const int32_t s = p->scales > 1 ? o : 0;
  const int32_t scaled = bl_requantise_once_scalar((int32_t)sum, multiplier[s], shift[s]);
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
  int32_t o = 0;
  for (; o + 4 <= outputs; o += 4, filter += 4 * n) {
    uint32_t sums[4] = {(uint32_t)bias[o], (uint32_t)bias[o + 1], (uint32_t)bias[o + 2],
                        (uint32_t)bias[o + 3]};
    bl_dots_of_four(input, filter, n, sums);
    for (int32_t k = 0; k < 4; k++) {
      output[o + k] = to_byte(p, sums[k], o + k, multiplier, shift);
    }
  }
  for (; o < outputs; o += 2, filter += 2 * n) {
    const int32_t both = o + 1 < outputs; /* the last output may be alone */
    uint32_t sums[2] = {(uint32_t)bias[o], (uint32_t)bias[o + both]};
    bl_two_dots(input, filter, filter + both * n, n, &sums[0], &sums[1]);
    for (int32_t k = 0; k <= both; k++) {
      output[o + k] = to_byte(p, sums[k], o + k, multiplier, shift);
    }
  }
  return BL_OK;
}
