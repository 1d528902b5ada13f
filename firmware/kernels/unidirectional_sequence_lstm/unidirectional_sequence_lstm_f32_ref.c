#include <math.h>
#include <string.h>

#include "requantise.h"
#include "unidirectional_sequence_lstm.h"

enum { INPUT, FORGET, MODULATION, OUTPUT, GATES };

static float dot_f32(const float *a, const float *b, int32_t count) {
  float sum = 0.0f;
  for (int32_t i = 0; i < count; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

static float logistic(float x) {
  return 1.0f / (1.0f + expf(-x));
}

bl_status bl_unidirectional_sequence_lstm_f32_ref(const bl_unidirectional_sequence_lstm_f32 *p,
                                                  const float *input, const float *input_weights,
                                                  const float *recurrent_weights, const float *bias,
                                                  float *output, float *state, float *cell) {
  if (p->steps <= 0 || p->inputs <= 0 || p->units <= 0 || !(p->cell_clip >= 0.0f)) {
    return BL_BAD_ARGUMENT;
  }
  const float *before = state;
  for (int32_t t = 0; t < p->steps; t++, input += p->inputs) {
    float *now = output + t * p->units;
    for (int32_t u = 0; u < p->units; u++) {
      float gate[GATES];
      for (int32_t g = 0; g < GATES; g++) {
        const int32_t row = u * GATES + g;
        gate[g] = bias[row] + dot_f32(input, input_weights + row * p->inputs, p->inputs) +
                  dot_f32(before, recurrent_weights + row * p->units, p->units);
      }
      const float c =
          logistic(gate[FORGET]) * cell[u] + logistic(gate[INPUT]) * tanhf(gate[MODULATION]);
      cell[u] = p->cell_clip > 0.0f ? bl_clamp_f32(c, -p->cell_clip, p->cell_clip) : c;
      now[u] = logistic(gate[OUTPUT]) * tanhf(cell[u]);
    }
    before = now;
  }
  memcpy(state, before, (size_t)p->units * sizeof *state);
  return BL_OK;
}
