/* RESIZE_BILINEAR of an HWC map: each output value is made of four input values, from two rows and
 * two columns, each weighted by how near it is. Input and output lie apart.
 *
 * `rows` and `columns` hold two numbers for each output row or column: the input's first one, and
 * its second. `row_parts` and `column_parts` hold how far the place lies from the first one to the
 * second: int8 in steps of 1/1024, float32 as it is. Int8 rounds the sum to nearest, ties away from
 * zero; its parts lie between -512 and 1536, so that sums fit into 32 bits.
 */
#ifndef BL_RESIZE_BILINEAR_H
#define BL_RESIZE_BILINEAR_H

#include "kernel.h"

typedef struct {
  int32_t input_h, input_w, channels;
  int32_t output_h, output_w;
  int32_t count; /* values of the output */
} bl_resize_bilinear_s8;

typedef bl_resize_bilinear_s8 bl_resize_bilinear_f32;

bl_status bl_resize_bilinear_s8_ref(const bl_resize_bilinear_s8 *p, const int8_t *input,
                                    const int32_t *rows, const int32_t *columns,
                                    const int32_t *row_parts, const int32_t *column_parts,
                                    int8_t *output);

/* What TFLite computes of uint8 values, which are 128 more than those here: in single precision,
 * with the parts of float32, each product and each sum rounded. */
bl_status bl_resize_bilinear_u8_ref(const bl_resize_bilinear_s8 *p, const int8_t *input,
                                    const int32_t *rows, const int32_t *columns,
                                    const float *row_parts, const float *column_parts,
                                    int8_t *output);

bl_status bl_resize_bilinear_f32_ref(const bl_resize_bilinear_f32 *p, const float *input,
                                     const int32_t *rows, const int32_t *columns,
                                     const float *row_parts, const float *column_parts,
                                     float *output);

#endif
