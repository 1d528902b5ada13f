/* Functions of two values, broadcast as broadcast.h says: output = f(a, b), or f(b, a) where
 * `reversed` is set (a constant is always `b`). output may begin where an input of its own shape
 * begins, or before it.
 *
 *   maximum, minimum      in int8 of the stored values: TFLite compares these, whatever their
 * scales pow                   a to the power of b squared_difference    (a - b)^2
 */
#ifndef BL_BINARY_H
#define BL_BINARY_H

#include "broadcast.h"
#include "kernel.h"

typedef struct {
  bl_broadcast shape;
} bl_extreme_s8;

/* Both sides are brought to a common scale, twice the larger of theirs, with 7 bits below the
 * point, subtracted, squared, and scaled to the output. */
#define BL_DIFFERENCE_FRACTION_BITS 7

typedef struct {
  bl_broadcast shape;
  int32_t a_zero_point, b_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t a_multiplier, a_shift;                         /* see requantise.h; shifts <= 0 */
  int32_t b_multiplier, b_shift;
  int32_t output_multiplier, output_shift;
} bl_squared_difference_s8;

typedef struct {
  bl_broadcast shape;
  int32_t reversed;
} bl_binary_f32;

bl_status bl_maximum_s8_ref(const bl_extreme_s8 *p, const int8_t *a, const int8_t *b,
                            int8_t *output);
bl_status bl_minimum_s8_ref(const bl_extreme_s8 *p, const int8_t *a, const int8_t *b,
                            int8_t *output);
bl_status bl_squared_difference_s8_ref(const bl_squared_difference_s8 *p, const int8_t *a,
                                       const int8_t *b, int8_t *output);

bl_status bl_maximum_f32_ref(const bl_binary_f32 *p, const float *a, const float *b, float *output);
bl_status bl_minimum_f32_ref(const bl_binary_f32 *p, const float *a, const float *b, float *output);
bl_status bl_pow_f32_ref(const bl_binary_f32 *p, const float *a, const float *b, float *output);
bl_status bl_squared_difference_f32_ref(const bl_binary_f32 *p, const float *a, const float *b,
                                        float *output);

typedef bl_extreme_s8 bl_extreme_s16;

bl_status bl_maximum_s16_ref(const bl_extreme_s16 *p, const int16_t *a, const int16_t *b,
                             int16_t *output);
bl_status bl_minimum_s16_ref(const bl_extreme_s16 *p, const int16_t *a, const int16_t *b,
                             int16_t *output);

#endif
