/* An int8 function of one int8 value, as a table that the compiler has filled: output[i] =
 * table[input[i] + 128]. Serves every elementwise operator with one int8 input; TFLite's reference
 * bits are reproduced when the table is made. input and output may be the same buffer.
 */
#ifndef BL_LOOKUP_H
#define BL_LOOKUP_H

#include "kernel.h"

typedef struct {
  int32_t count;
} bl_lookup_s8;

/* table: 256 entries, for the inputs -128 .. 127 in this order. */
bl_status bl_lookup_s8_ref(const bl_lookup_s8 *p, const int8_t *input, const int8_t *table,
                           int8_t *output);

#endif
