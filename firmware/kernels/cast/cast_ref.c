#include "cast.h"

static int64_t integer(const bl_cast *p, const void *input, int32_t i) {
  switch (p->input_bytes) {
    case 1:
      return ((const int8_t *)input)[i] + (p->input_is_unsigned ? 128 : 0);
    case 2:
      return ((const int16_t *)input)[i];
    case 4:
      return ((const int32_t *)input)[i];
    default:
      return ((const int64_t *)input)[i];
  }
}

static void store(const bl_cast *p, void *output, int32_t i, int64_t value) {
  switch (p->output_bytes) {
    case 1:
      ((int8_t *)output)[i] = (int8_t)(p->output_is_unsigned ? value ^ 0x80 : value);
      break;
    case 2:
      ((int16_t *)output)[i] = (int16_t)value;
      break;
    case 4:
      ((int32_t *)output)[i] = (int32_t)value;
      break;
    default:
      ((int64_t *)output)[i] = value;
  }
}

bl_status bl_cast_s8_ref(const bl_cast *p, const void *input, void *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    const int64_t value = integer(p, input, i);
    if (p->output_kind == BL_CAST_FLOAT) {
      ((float *)output)[i] = (float)value;
    } else {
      store(p, output, i, p->output_kind == BL_CAST_BOOL ? value != 0 : value);
    }
  }
  return BL_OK;
}

/* Towards 0, saturated to what a byte without a sign holds. */
static int64_t truncated_to_unsigned(float value) {
  if (value < 255.0f) {
    return value > 0.0f ? (int64_t)value : 0;
  }
  return 255;
}

/* Towards 0, saturated to so many bits. */
static int64_t truncated(float value, int32_t bits) {
  const int64_t most = (int64_t)((UINT64_C(1) << (bits - 1)) - 1);
  const float limit = (float)(UINT64_C(1) << (bits - 1));
  if (value < limit) {
    return value >= -limit ? (int64_t)value : -most - 1;
  }
  return most;
}

bl_status bl_cast_f32_ref(const bl_cast *p, const void *input, void *output) {
  if (p->count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t i = 0; i < p->count; i++) {
    const float value = ((const float *)input)[i];
    if (p->output_kind == BL_CAST_FLOAT) {
      ((float *)output)[i] = value;
    } else if (p->output_kind == BL_CAST_BOOL) {
      ((uint8_t *)output)[i] = value != 0.0f;
    } else {
      store(p, output, i,
            p->output_is_unsigned ? truncated_to_unsigned(value)
                                  : truncated(value, 8 * p->output_bytes));
    }
  }
  return BL_OK;
}
