#include "quantize.h"
#include "requantise.h"

static int32_t get(const void *values, int32_t bytes, int32_t i) {
  return bytes == 1   ? ((const int8_t *)values)[i]
         : bytes == 2 ? ((const int16_t *)values)[i]
                      : ((const int32_t *)values)[i];
}

static void put(void *values, int32_t bytes, int32_t i, int32_t value) {
  if (bytes == 1) {
    ((int8_t *)values)[i] = (int8_t)bl_clamp(value, INT8_MIN, INT8_MAX);
  } else if (bytes == 2) {
    ((int16_t *)values)[i] = (int16_t)bl_clamp(value, INT16_MIN, INT16_MAX);
  } else {
    ((int32_t *)values)[i] = value;
  }
}

bl_status bl_quantize_integers_ref(const bl_quantize_integers *p, const void *input, void *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t steps = get(input, p->input_bytes, i) - p->input_zero_point;
    const int32_t scaled = bl_requantise(steps, p->multiplier, p->shift);
    put(output, p->output_bytes, i, bl_offset(scaled, p->output_zero_point));
  }
  return BL_OK;
}
