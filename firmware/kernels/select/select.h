/* SELECT and SELECT_V2: output = condition ? a : b, or condition ? b : a where `reversed` is set (a
 * constant comes after what is computed); each may be repeated along some axes, as broadcast.h
 * says. bl_select_s8_ref is for values of one byte, bl_select_f32_ref for those of four.
 */
#ifndef BL_SELECT_H
#define BL_SELECT_H

#include "kernel.h"

typedef struct {
  int32_t outer, middle, inner; /* the output's sizes */
  int32_t condition_outer, condition_middle, condition_inner;
  int32_t a_outer, a_middle, a_inner;
  int32_t b_outer, b_middle, b_inner;
} bl_select_shape;

typedef struct {
  bl_select_shape shape;
  int32_t reversed;
} bl_select;

bl_status bl_select_s8_ref(const bl_select *p, const uint8_t *condition, const void *a,
                           const void *b, void *output);

bl_status bl_select_f32_ref(const bl_select *p, const uint8_t *condition, const void *a,
                            const void *b, void *output);

#endif
