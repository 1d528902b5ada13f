#include <string.h>

#include "fixed16.h"
#include "requantise.h"
#include "unidirectional_sequence_lstm.h"

enum { INPUT, FORGET, MODULATION, OUTPUT, GATES };

static int32_t dot(const int8_t *a, const int8_t *b, int32_t count, int32_t sum) {
  for (int32_t i = 0; i < count; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

static int32_t next_cell(const bl_unidirectional_sequence_lstm_s8 *p, const int32_t *gate,
                         int32_t c) {
  const int32_t kept = bl_rounding_shift_right(bl_logistic_16(gate[FORGET]) * c, 15);
  const int32_t new = bl_logistic_16(gate[INPUT]) * bl_tanh_16(gate[MODULATION], 3);
  /* with few integer bits the new part may leave 16 bits: it wraps */
  c = bl_saturated_16(kept + (int16_t)bl_rounding_shift_right(new, 15 + p->cell_bits));
  return p->cell_clip > 0 ? bl_clamp(c, -p->cell_clip, p->cell_clip) : c;
}

bl_status bl_unidirectional_sequence_lstm_s8_ref(
    const bl_unidirectional_sequence_lstm_s8 *p, const int8_t *input, const int8_t *input_weights,
    const int8_t *recurrent_weights, const int32_t *input_bias, const int32_t *recurrent_bias,
    const int32_t *scales, int8_t *output, int8_t *state, int16_t *cell) {
  if (p->steps <= 0 || p->inputs <= 0 || p->units <= 0 || p->cell_bits < 0 || p->cell_bits > 6) {
    return BL_BAD_ARGUMENT;
  }
  const int8_t *before = state; /* the outputs of the row before */
  for (int32_t t = 0; t < p->steps; t++, input += p->inputs) {
    int8_t *now = output + t * p->units;
    for (int32_t u = 0; u < p->units; u++) {
      int32_t gate[GATES];
      for (int32_t g = 0; g < GATES; g++) {
        const int32_t row = u * GATES + g, *s = scales + 4 * g;
        const int32_t new = dot(input, input_weights + row * p->inputs, p->inputs, input_bias[row]);
        const int32_t old =
            dot(before, recurrent_weights + row * p->units, p->units, recurrent_bias[row]);
        gate[g] = bl_saturated_16(bl_requantise(new, s[0], s[1]));
        gate[g] = bl_saturated_16(bl_offset(bl_requantise(old, s[2], s[3]), gate[g]));
      }
      cell[u] = (int16_t)next_cell(p, gate, cell[u]);
      const int32_t h = bl_logistic_16(gate[OUTPUT]) * bl_tanh_16(cell[u], p->cell_bits);
      const int32_t scaled = bl_requantise(h, p->output_multiplier, p->output_shift);
      now[u] = (int8_t)bl_clamp(bl_offset(scaled, p->output_zero_point), INT8_MIN, INT8_MAX);
    }
    before = now;
  }
  memcpy(state, before, (size_t)p->units);
  return BL_OK;
}
