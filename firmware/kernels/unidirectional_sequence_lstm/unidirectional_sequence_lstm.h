/* UNIDIRECTIONAL_SEQUENCE_LSTM: a layer of `units` cells that reads `steps` rows of `inputs`
 * values, one after the other, and gives a row of `units` outputs for each.
 *
 * Of every row x, with the outputs h of the row before and the content c of the cells:
 *   gate = activation(W x + R h + b): input i, forget f, output o (logistic), and modulation g
 * (tanh) c = clip(f * c + i * g) h = o * tanh(c)
 *
 * input_weights (4 * units, inputs) and recurrent_weights (4 * units, units) hold the rows of a
 * cell's four gates side by side: i, f, g, o of the first cell, then those of the next. So do the
 * biases. `state` (h) and `cell` (c), of `units` values each, are read and then written: they live
 * from one call to the next.
 */
#ifndef BL_UNIDIRECTIONAL_SEQUENCE_LSTM_H
#define BL_UNIDIRECTIONAL_SEQUENCE_LSTM_H

#include "kernel.h"

typedef struct {
  int32_t steps, inputs, units;
  int32_t cell_bits; /* c holds real * 2^(15 - cell_bits), 0 .. 6 */
  int32_t cell_clip; /* c lies within -cell_clip .. cell_clip; 0: anywhere in int16 */
  int32_t output_multiplier, output_shift, output_zero_point; /* of o * tanh(c) as int8 */
} bl_unidirectional_sequence_lstm_s8;

typedef struct {
  int32_t steps, inputs, units;
  float cell_clip; /* 0: none */
} bl_unidirectional_sequence_lstm_f32;

/* Int8 as TFLite computes it: a gate is W x + input_bias and R h + recurrent_bias, each requantised
 * to a 16-bit number with 3 integer bits, and their sum; both saturate. The zero points of x and h
 * are in the biases. scales (4, 4): multiplier and shift of W x, and those of R h, gate by gate. */
bl_status bl_unidirectional_sequence_lstm_s8_ref(
    const bl_unidirectional_sequence_lstm_s8 *p, const int8_t *input, const int8_t *input_weights,
    const int8_t *recurrent_weights, const int32_t *input_bias, const int32_t *recurrent_bias,
    const int32_t *scales, int8_t *output, int8_t *state, int16_t *cell);

bl_status bl_unidirectional_sequence_lstm_f32_ref(const bl_unidirectional_sequence_lstm_f32 *p,
                                                  const float *input, const float *input_weights,
                                                  const float *recurrent_weights, const float *bias,
                                                  float *output, float *state, float *cell);

#endif
