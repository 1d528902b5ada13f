/* Comparisons of two values, broadcast as broadcast.h says: output = a == b ? 1 : 0, and so on.
 *
 * In int8 both sides are brought to real numbers with 8 bits below the point first, so that two
 * stored values that are close may be equal.
 */
#ifndef BL_COMPARISON_H
#define BL_COMPARISON_H

#include "broadcast.h"
#include "kernel.h"

#define BL_COMPARISON_FRACTION_BITS 8

typedef struct {
  bl_broadcast shape;
  int32_t a_zero_point, b_zero_point; /* real = scale * (q - zero_point) */
  int32_t a_multiplier, a_shift;      /* see requantise.h; shifts <= 0 */
  int32_t b_multiplier, b_shift;
} bl_comparison_s8;

typedef struct {
  bl_broadcast shape;
} bl_comparison_f32;

bl_status bl_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                          uint8_t *output);
bl_status bl_not_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                              uint8_t *output);
bl_status bl_greater_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                            uint8_t *output);
bl_status bl_greater_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                                  uint8_t *output);
bl_status bl_less_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                         uint8_t *output);
bl_status bl_less_equal_s8_ref(const bl_comparison_s8 *p, const int8_t *a, const int8_t *b,
                               uint8_t *output);

bl_status bl_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                           uint8_t *output);
bl_status bl_not_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                               uint8_t *output);
bl_status bl_greater_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                             uint8_t *output);
bl_status bl_greater_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                                   uint8_t *output);
bl_status bl_less_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                          uint8_t *output);
bl_status bl_less_equal_f32_ref(const bl_comparison_f32 *p, const float *a, const float *b,
                                uint8_t *output);

#endif
