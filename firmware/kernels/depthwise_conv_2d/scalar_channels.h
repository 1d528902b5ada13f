/* What the _scalar variants know of an output channel; lower.py packs it. */
#ifndef BL_DEPTHWISE_SCALAR_CHANNELS_H
#define BL_DEPTHWISE_SCALAR_CHANNELS_H

#include "depthwise_conv_2d.h"
#include "scalar.h"

typedef struct {
  int32_t bias; /* less input_zero_point times the sum of all taps */
  int32_t multiplier;
  int32_t taps_and_right; /* the sum of all taps, times 256, plus the byte of -1 - shift */
} channel_constants;

typedef struct {
  int32_t output_zero_point, activation_min, activation_max;
} output_bounds;

/* bl_requantise and bounds. */
static inline int8_t scaled(const output_bounds *b, uint32_t sum,
                            const channel_constants *channel) {
  const int32_t right = (int8_t)channel->taps_and_right;
  const int32_t value = bl_requantise_scalar((int32_t)sum, channel->multiplier, -1 - right);
  return (int8_t)bl_clamp(bl_offset(value, b->output_zero_point), b->activation_min,
                          b->activation_max);
}

#endif
