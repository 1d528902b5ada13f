#include "requantise.h"
#include "softmax.h"

/* Between the values of a table of 513, which lie 128 apart from -32768 on. */
static int32_t lookup(int32_t x, const int16_t *table) {
  const int16_t *at = table + 256 + (x >> 7);
  const int32_t slope = (int16_t)(at[1] - at[0]);
  return (int16_t)(at[0] + ((slope * (x & 0x7f) + 64) >> 7));
}

static void softmax(const bl_softmax_s16 *p, const int16_t *input, const int16_t *exponentials,
                    const int16_t *reciprocals, int16_t *output) {
  int32_t maximum = INT16_MIN;
  for (int32_t c = 0; c < p->count; c++) {
    maximum = input[c] > maximum ? input[c] : maximum;
  }
  int32_t sum = 0; /* Q16.15 */
  for (int32_t c = 0; c < p->count; c++) {
    const int32_t scaled = bl_requantise(input[c] - maximum, p->multiplier, p->shift);
    const int32_t centred = bl_clamp(bl_offset(scaled, INT16_MAX), INT16_MIN, INT16_MAX);
    output[c] = (int16_t)lookup(centred, exponentials);
    sum += output[c];
  }
  int32_t zeros = 0; /* leading zeros of sum, which is above 0 */
  while (!(((uint32_t)sum << zeros) & UINT32_C(0x80000000))) {
    zeros++;
  }
  const int32_t shifted = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
  const int32_t centred = bl_clamp(shifted - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
  const int32_t reciprocal = lookup(centred, reciprocals);
  const int32_t right = 31 - zeros;
  for (int32_t c = 0; c < p->count; c++) {
    const int64_t product = (int64_t)output[c] * reciprocal + (1 << (right - 1));
    output[c] = (int16_t)bl_clamp((int32_t)(product >> right), 0, INT16_MAX);
  }
}

bl_status bl_softmax_rows_s16_ref(const bl_softmax_rows_s16 *p, const int16_t *input,
                                  const int16_t *exponentials, const int16_t *reciprocals,
                                  int16_t *output) {
  if (p->row.count <= 0 || p->rows <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++) {
    softmax(&p->row, input, exponentials, reciprocals, output);
    input += p->row.count;
    output += p->row.count;
  }
  return BL_OK;
}
