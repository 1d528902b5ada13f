#include "resize_bilinear.h"

static int is_valid(const bl_resize_bilinear_s8 *p) {
  return p->input_h > 0 && p->input_w > 0 && p->channels > 0 && p->output_h > 0 &&
         p->output_w > 0 && p->count == p->output_h * p->output_w * p->channels;
}

bl_status bl_resize_bilinear_s8_ref(const bl_resize_bilinear_s8 *p, const int8_t *input,
                                    const int32_t *rows, const int32_t *columns,
                                    const int32_t *row_parts, const int32_t *column_parts,
                                    int8_t *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t channels = p->channels, length = p->input_w * channels;
  for (int32_t y = 0; y < p->output_h; y++) {
    const int8_t *upper = input + rows[2 * y] * length, *lower = input + rows[2 * y + 1] * length;
    const int32_t down = row_parts[y], up = 1024 - down;
    for (int32_t x = 0; x < p->output_w; x++) {
      const int32_t left = columns[2 * x] * channels, right = columns[2 * x + 1] * channels;
      const int32_t to_right = column_parts[x], to_left = 1024 - to_right;
      const int32_t upper_left = up * to_left, upper_right = up * to_right;
      const int32_t lower_left = down * to_left, lower_right = down * to_right;
      for (int32_t c = 0; c < channels; c++) {
        const int32_t sum = upper[left + c] * upper_left + lower[left + c] * lower_left +
                            upper[right + c] * upper_right + lower[right + c] * lower_right;
        *output++ = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
      }
    }
  }
  return BL_OK;
}

/* A fused multiply-add rounds once where TFLite rounds twice. */
#if defined(__GNUC__) && !defined(__clang__)
__attribute__((optimize("fp-contract=off")))
#endif
bl_status
bl_resize_bilinear_u8_ref(const bl_resize_bilinear_s8 *p, const int8_t *input, const int32_t *rows,
                          const int32_t *columns, const float *row_parts, const float *column_parts,
                          int8_t *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t channels = p->channels, length = p->input_w * channels;
  for (int32_t y = 0; y < p->output_h; y++) {
    const int8_t *upper = input + rows[2 * y] * length, *lower = input + rows[2 * y + 1] * length;
    const float down = row_parts[y], up = 1.0f - down;
    for (int32_t x = 0; x < p->output_w; x++) {
      const int32_t left = columns[2 * x] * channels, right = columns[2 * x + 1] * channels;
      const float to_right = column_parts[x], to_left = 1.0f - to_right;
      for (int32_t c = 0; c < channels; c++) {
        const float upper_left = (float)(upper[left + c] + 128) * up * to_left;
        const float lower_left = (float)(lower[left + c] + 128) * down * to_left;
        const float upper_right = (float)(upper[right + c] + 128) * up * to_right;
        const float lower_right = (float)(lower[right + c] + 128) * down * to_right;
        const float sum = upper_left + lower_left + upper_right + lower_right + 0.5f;
        *output++ = (int8_t)((int32_t)sum - 128);
      }
    }
  }
  return BL_OK;
}

bl_status bl_resize_bilinear_f32_ref(const bl_resize_bilinear_f32 *p, const float *input,
                                     const int32_t *rows, const int32_t *columns,
                                     const float *row_parts, const float *column_parts,
                                     float *output) {
  if (!is_valid(p)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t channels = p->channels, length = p->input_w * channels;
  for (int32_t y = 0; y < p->output_h; y++) {
    const float *upper = input + rows[2 * y] * length, *lower = input + rows[2 * y + 1] * length;
    const float down = row_parts[y], up = 1.0f - down;
    for (int32_t x = 0; x < p->output_w; x++) {
      const int32_t left = columns[2 * x] * channels, right = columns[2 * x + 1] * channels;
      const float to_right = column_parts[x], to_left = 1.0f - to_right;
      const float upper_left = up * to_left, upper_right = up * to_right;
      const float lower_left = down * to_left, lower_right = down * to_right;
      for (int32_t c = 0; c < channels; c++) {
        *output++ = upper[left + c] * upper_left + lower[left + c] * lower_left +
                    upper[right + c] * upper_right + lower[right + c] * lower_right;
      }
    }
  }
  return BL_OK;
}
