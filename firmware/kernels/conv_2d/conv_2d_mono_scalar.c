/* A 3x3 window on a map of a single channel: nine inputs serve all output channels. */
#include "mono.h"
#include "requantise.h"

enum { WORDS = 12 }; /* of filter, per output channel: bias, multiplier, shift, nine taps */

/* A bl_mono_pixels. */
static void pixels(const bl_conv_2d_s8 *p, const int8_t *from, int32_t row_step, int32_t step,
                   int32_t count, const int32_t *filter, int8_t *output) {
  const int32_t *const end = filter + WORDS * p->window.output_c;
  for (; count > 0; count--, from += step) {
    const int8_t *middle = from + row_step, *last = middle + row_step;
    const int32_t a = from[0], b = from[1], c = from[2];
    const int32_t d = middle[0], e = middle[1], f = middle[2];
    const int32_t g = last[0], h = last[1], i = last[2];
    for (const int32_t *o = filter; o != end; o += WORDS) {
      uint32_t sum = (uint32_t)o[0]; /* wraps, so the order does not matter */
      sum += (uint32_t)(a * o[3]) + (uint32_t)(b * o[4]) + (uint32_t)(c * o[5]);
      sum += (uint32_t)(d * o[6]) + (uint32_t)(e * o[7]) + (uint32_t)(f * o[8]);
      sum += (uint32_t)(g * o[9]) + (uint32_t)(h * o[10]) + (uint32_t)(i * o[11]);
      const int32_t scaled = bl_requantise((int32_t)sum, o[1], o[2]);
      *output++ = (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), p->activation_min,
                                   p->activation_max);
    }
  }
}

bl_status bl_conv_2d_s8_mono_scalar(const bl_conv_2d_s8 *p, const int8_t *input,
                                    const int32_t *filter, int8_t *output) {
  return bl_mono_map(p, input, filter, output, pixels);
}
