/* ARG_MAX over one axis: output[o, i] = the first r with the largest input[o, r, i], or with the
 * least one where `least` is set, as ARG_MIN does. bl_arg_max_wide_* write 64-bit numbers.
 */
#ifndef BL_ARG_MAX_H
#define BL_ARG_MAX_H

#include "kernel.h"

typedef struct {
  int32_t outer, reduced, inner; /* for the classes of one row: 1, classes, 1 */
  int32_t least;
} bl_arg_max;

bl_status bl_arg_max_s8_ref(const bl_arg_max *p, const int8_t *input, int32_t *output);
bl_status bl_arg_max_f32_ref(const bl_arg_max *p, const float *input, int32_t *output);
bl_status bl_arg_max_wide_s8_ref(const bl_arg_max *p, const int8_t *input, int64_t *output);
bl_status bl_arg_max_wide_f32_ref(const bl_arg_max *p, const float *input, int64_t *output);

#endif
