/* Four outputs at a time, so that an input widened to int16 serves four sums. */
#include "dsp.h"
#include "fully_connected.h"
#include "requantise.h"

/* Two pairs of inputs, (0, 2) and (1, 3), times the same of a filter row. */
BL_INLINE int32_t four_taps(uint32_t even, uint32_t odd, const int8_t *filter, int32_t sum) {
  const uint32_t taps = bl_load32(filter);
  return bl_smlad(odd, bl_sxtb16_odd(taps), bl_smlad(even, bl_sxtb16(taps), sum));
}

BL_INLINE int32_t one_tap(int8_t input, int8_t tap, int32_t sum) {
  return bl_smlabb((uint32_t)(int32_t)input, (uint32_t)(int32_t)tap, sum);
}

bl_status bl_fully_connected_s8_dsp(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int8_t *filter, const int32_t *bias,
                                    const int32_t *multiplier, const int32_t *shift,
                                    int8_t *output) {
  const int32_t n = p->input_c;
  if (n <= 0 || p->output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < p->output_c; o += 4) {
    /* the rest of 1 to 3 outputs computes the last of them several times */
    const int32_t last = p->output_c - 1 - o;
    const int32_t b = last > 0 ? 1 : 0, c = last > 1 ? 2 : last, d = last > 2 ? 3 : last;
    const int8_t *taps_a = filter + o * n, *taps_b = taps_a + b * n;
    const int8_t *taps_c = taps_a + c * n, *taps_d = taps_a + d * n;
    int32_t sums[4] = {bias[o], bias[o + b], bias[o + c], bias[o + d]};
    int32_t i = 0;
    for (; i + 4 <= n; i += 4) {
      const uint32_t inputs = bl_load32(input + i);
      const uint32_t even = bl_sxtb16(inputs), odd = bl_sxtb16_odd(inputs);
      sums[0] = four_taps(even, odd, taps_a + i, sums[0]);
      sums[1] = four_taps(even, odd, taps_b + i, sums[1]);
      sums[2] = four_taps(even, odd, taps_c + i, sums[2]);
      sums[3] = four_taps(even, odd, taps_d + i, sums[3]);
    }
    for (; i < n; i++) {
      sums[0] = one_tap(input[i], taps_a[i], sums[0]);
      sums[1] = one_tap(input[i], taps_b[i], sums[1]);
      sums[2] = one_tap(input[i], taps_c[i], sums[2]);
      sums[3] = one_tap(input[i], taps_d[i], sums[3]);
    }
    for (int32_t k = 0; k < 4 && k <= last; k++) {
      const int32_t scaled = bl_requantise_once(sums[k], multiplier[o + k], shift[o + k]);
      output[o + k] =
          (int8_t)bl_clamp(scaled + p->output_zero_point, p->activation_min, p->activation_max);
    }
  }
  return BL_OK;
}
