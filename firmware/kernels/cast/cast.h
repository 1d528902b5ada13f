/* CAST: output[i] = (type)input[i], of the stored values, whatever their scale. bl_cast_s8_ref is
 * from integers of any width, and bool; bl_cast_f32_ref is from float32, towards 0, saturated, the
 * greatest integer for what is no number. Integers that are too large lose their upper bits; what
 * is not 0 is true. Unsigned values of one byte are held as int8, 128 less.
 */
#ifndef BL_CAST_H
#define BL_CAST_H

#include "kernel.h"

typedef enum { BL_CAST_BOOL, BL_CAST_INT, BL_CAST_FLOAT } bl_cast_kind;

typedef struct {
  int32_t count;
  int32_t input_bytes;  /* of an integer: 1, 2, 4 or 8 */
  int32_t output_bytes; /* the same */
  int32_t output_kind;  /* bl_cast_kind */
  int32_t input_is_unsigned;
  int32_t output_is_unsigned;
} bl_cast;

bl_status bl_cast_s8_ref(const bl_cast *p, const void *input, void *output);

bl_status bl_cast_f32_ref(const bl_cast *p, const void *input, void *output);

#endif
