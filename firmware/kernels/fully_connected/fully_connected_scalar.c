/* Two outputs at a time. */
#include "fully_connected.h"
#include "requantise.h"
#include "scalar.h"

bl_status bl_fully_connected_s8_scalar(const bl_fully_connected_s8 *p, const int8_t *input,
                                       const int8_t *filter, const int32_t *bias,
                                       const int32_t *multiplier, const int32_t *shift,
                                       int8_t *output) {
  const int32_t n = p->input_c;
  if (n <= 0 || p->output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->output_c; o += 2, filter += 2 * n) {
    const int32_t both = o + 1 < p->output_c; /* the last output may be alone */
    uint32_t sums[2] = {(uint32_t)bias[o], (uint32_t)bias[o + both]};
    bl_two_dots(input, filter, filter + both * n, n, &sums[0], &sums[1]);
    for (int32_t k = 0; k <= both; k++) {
      const int32_t s = p->scales > 1 ? o + k : 0;
      const int32_t scaled = bl_requantise_once((int32_t)sums[k], multiplier[s], shift[s]);
      output[o + k] = (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), p->activation_min,
                                       p->activation_max);
    }
  }
  return BL_OK;
}
