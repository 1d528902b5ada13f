#include "transpose_conv.h"

static int is_shape_of(const int32_t *shape, const bl_window *w) {
  return shape[0] == 1 && shape[1] == w->output_h && shape[2] == w->output_w &&
         shape[3] == w->output_c;
}

bl_status bl_transpose_conv_sized_s8_ref(const bl_transpose_conv_sized_s8 *p, const int32_t *shape,
                                         const int8_t *input, const int8_t *filter,
                                         const int32_t *bias, const int32_t *multiplier,
                                         const int32_t *shift, int8_t *output) {
  return is_shape_of(shape, &p->layer.window)
             ? bl_transpose_conv_s8_ref(&p->layer, input, filter, bias, multiplier, shift, output)
             : BL_BAD_ARGUMENT;
}

bl_status bl_transpose_conv_sized_s16_ref(const bl_transpose_conv_sized_s16 *p,
                                          const int32_t *shape, const int16_t *input,
                                          const int8_t *filter, const int64_t *bias,
                                          const int32_t *multiplier, const int32_t *shift,
                                          int16_t *output) {
  return is_shape_of(shape, &p->layer.window)
             ? bl_transpose_conv_s16_ref(&p->layer, input, filter, bias, multiplier, shift, output)
             : BL_BAD_ARGUMENT;
}

bl_status bl_transpose_conv_sized_f32_ref(const bl_transpose_conv_sized_f32 *p,
                                          const int32_t *shape, const float *input,
                                          const float *filter, const float *bias, float *output) {
  return is_shape_of(shape, &p->layer.window)
             ? bl_transpose_conv_f32_ref(&p->layer, input, filter, bias, output)
             : BL_BAD_ARGUMENT;
}
