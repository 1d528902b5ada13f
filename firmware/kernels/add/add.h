/* ADD: output = act(a + b), broadcast as broadcast.h says. SUB uses the int8 kernel with the
 * multiplier of one side negated.
 *
 * In int8 both sides are brought to a common scale, twice the larger of theirs, with 20 bits below
 * the point, added, and scaled to the output. output may begin where an input of its own shape
 * begins, or before it.
 */
#ifndef BL_ADD_H
#define BL_ADD_H

#include "broadcast.h"
#include "kernel.h"

#define BL_ADD_FRACTION_BITS 20

typedef struct {
  bl_broadcast shape;
  int32_t a_zero_point, b_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t a_multiplier, a_shift;                         /* see requantise.h; shifts <= 0 */
  int32_t b_multiplier, b_shift;
  int32_t output_multiplier, output_shift;
  int32_t activation_min, activation_max; /* quantised, within int8 */
} bl_add_s8;

typedef struct {
  bl_broadcast shape;
  float activation_min, activation_max;
} bl_add_f32;

bl_status bl_add_s8_ref(const bl_add_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* The same as one product each, where some factors give the output of bl_add_s8_ref for all 65,536
 * pairs of int8: output = act((a * a_multiplier + b * b_multiplier + bias) >> BL_ADD_LINEAR_BITS),
 * of stored values; bias has their zero points and the rounding in it, and no sum leaves 32 bits.
 * The compiler finds them, or calls bl_add_table_s8_ref. */
#define BL_ADD_LINEAR_BITS 21

typedef struct {
  bl_broadcast shape;
  int32_t a_multiplier, b_multiplier, bias;
  int32_t activation_min, activation_max; /* quantised, within int8 */
} bl_add_linear_s8;

bl_status bl_add_linear_s8_scalar(const bl_add_linear_s8 *p, const int8_t *a, const int8_t *b,
                                  int8_t *output);

bl_status bl_add_linear_s8_dsp(const bl_add_linear_s8 *p, const int8_t *a, const int8_t *b,
                               int8_t *output);

/* Steps of `inner` are 0 or 1, at most one is 0. */
bl_status bl_add_linear_s8_mve(const bl_add_linear_s8 *p, const int8_t *a, const int8_t *b,
                               int8_t *output);

/* The same bits as bl_add_s8_ref where there are no such factors: of_a and of_b, 256 entries each,
 * are what either side is at the common scale, for -128..127. */
typedef struct {
  bl_broadcast shape;
  int32_t output_zero_point;
  int32_t output_multiplier, output_shift; /* see requantise.h; shift <= 0 */
  int32_t activation_min, activation_max;  /* quantised, within int8 */
} bl_add_table_s8;

bl_status bl_add_table_s8_ref(const bl_add_table_s8 *p, const int8_t *a, const int8_t *b,
                              const int32_t *of_a, const int32_t *of_b, int8_t *output);

bl_status bl_add_f32_ref(const bl_add_f32 *p, const float *a, const float *b, float *output);

/* int16: a_sign * a + b_sign * b, with 15 bits below the point; signs are 1 or -1. There are no
 * zero points. */
#define BL_ADD_S16_FRACTION_BITS 15

typedef struct {
  bl_broadcast shape;
  int32_t a_sign, b_sign;
  int32_t a_multiplier, a_shift; /* see requantise.h; shifts <= 0 */
  int32_t b_multiplier, b_shift;
  int32_t output_multiplier, output_shift;
  int32_t activation_min, activation_max; /* quantised, within int16 */
} bl_add_s16;

bl_status bl_add_s16_ref(const bl_add_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);

/* The same where the model says that all scales are powers of two: each side is shifted right to
 * the output's scale, with rounding, ties away from zero. */
typedef struct {
  bl_broadcast shape;
  int32_t a_sign, b_sign;
  int32_t a_shift, b_shift;               /* bits, 0..31 */
  int32_t activation_min, activation_max; /* quantised, within int16 */
} bl_add_shifted_s16;

bl_status bl_add_shifted_s16_ref(const bl_add_shifted_s16 *p, const int16_t *a, const int16_t *b,
                                 int16_t *output);

/* XNNPACK's sum: output = act(zero_point + ((a * a_multiplier + b * b_multiplier + bias) >>
 * shift)), of stored values; bias has their zero points and the rounding in it. */
typedef struct {
  bl_broadcast shape;
  int32_t a_multiplier, b_multiplier, bias, shift;
  int32_t output_zero_point;
  int32_t activation_min, activation_max; /* quantised, within int8 */
} bl_add_real_s8;

bl_status bl_add_real_s8_ref(const bl_add_real_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output);

#endif
