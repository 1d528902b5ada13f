/* MUL: output = act(a * b), broadcast as broadcast.h says: the scaling of squeeze-and-excitation.
 *
 * output may begin where an input of its own shape begins, or before it.
 */
#ifndef BL_MUL_H
#define BL_MUL_H

#include "broadcast.h"
#include "kernel.h"

typedef struct {
  bl_broadcast shape;
  int32_t a_zero_point, b_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t multiplier, shift;                             /* see requantise.h */
  int32_t activation_min, activation_max;                /* quantised, within int8 */
} bl_mul_s8;

typedef struct {
  bl_broadcast shape;
  float activation_min, activation_max;
} bl_mul_f32;

bl_status bl_mul_s8_ref(const bl_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* Computes the same, for shifts up to 14. */
bl_status bl_mul_s8_dsp(const bl_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

/* Computes the same with MVE, four values at a time; steps of `inner` are 0 or 1, at most one is 0;
 * for shifts up to 14. */
bl_status bl_mul_s8_mve(const bl_mul_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

bl_status bl_mul_f32_ref(const bl_mul_f32 *p, const float *a, const float *b, float *output);

/* int16; there are no zero points. */
typedef struct {
  bl_broadcast shape;
  int32_t multiplier, shift;              /* see requantise.h */
  int32_t activation_min, activation_max; /* quantised, within int16 */
} bl_mul_s16;

bl_status bl_mul_s16_ref(const bl_mul_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);

typedef struct {
  bl_broadcast shape;
  int32_t a_zero_point, b_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;                /* quantised, within int8 */
  float factor;                                          /* see real_factor.h */
} bl_mul_real_s8;

bl_status bl_mul_real_s8_ref(const bl_mul_real_s8 *p, const int8_t *a, const int8_t *b,
                             int8_t *output);

#endif
