#include "arg_max.h"

static int is_valid(const bl_arg_max *p) {
  return p->outer > 0 && p->reduced > 0 && p->inner > 0;
}

/* The place of output number n. */
static int32_t place_s8(const bl_arg_max *p, const int8_t *input, int32_t n) {
  const int8_t *from = input + n / p->inner * p->reduced * p->inner + n % p->inner;
  int32_t place = 0;
  for (int32_t r = 1; r < p->reduced; r++) {
    const int8_t value = from[r * p->inner], best = from[place * p->inner];
    if (p->least ? value < best : value > best) {
      place = r;
    }
  }
  return place;
}

static int32_t place_f32(const bl_arg_max *p, const float *input, int32_t n) {
  const float *from = input + n / p->inner * p->reduced * p->inner + n % p->inner;
  int32_t place = 0;
  for (int32_t r = 1; r < p->reduced; r++) {
    const float value = from[r * p->inner], best = from[place * p->inner];
    if (p->least ? value < best : value > best) {
      place = r;
    }
  }
  return place;
}

bl_status bl_arg_max_s8_ref(const bl_arg_max *p, const int8_t *input, int32_t *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t n = 0; n < p->outer * p->inner; n++) {
    output[n] = place_s8(p, input, n);
  }
  return BL_OK;
}

bl_status bl_arg_max_f32_ref(const bl_arg_max *p, const float *input, int32_t *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t n = 0; n < p->outer * p->inner; n++) {
    output[n] = place_f32(p, input, n);
  }
  return BL_OK;
}

bl_status bl_arg_max_wide_s8_ref(const bl_arg_max *p, const int8_t *input, int64_t *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t n = 0; n < p->outer * p->inner; n++) {
    output[n] = place_s8(p, input, n);
  }
  return BL_OK;
}

bl_status bl_arg_max_wide_f32_ref(const bl_arg_max *p, const float *input, int64_t *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t n = 0; n < p->outer * p->inner; n++) {
    output[n] = place_f32(p, input, n);
  }
  return BL_OK;
}
