/* Shared by the float32 variants: a fused activation that works on the bits of a sum.
 *
 * Comparing floats costs four instructions on a core with separate flags of the FPU. As integers,
 * positive floats order the same way, and the sign bit marks the negative ones. It supports a lower
 * bound of 0 with an upper one that is not negative, and no bounds; lower.py checks this
 * (float32_bounds). */
#ifndef BL_FLOAT32_H
#define BL_FLOAT32_H

#include <stdint.h>
#include <string.h>

typedef struct {
  int32_t negative; /* mask: which bits of a negative sum become 0 */
  int32_t high;     /* the bits of activation_max */
} bl_bounds_f32;

static inline bl_bounds_f32 bl_bounds(float activation_min, float activation_max) {
  bl_bounds_f32 bounds = {.negative = activation_min == 0.0f ? -1 : 0};
  memcpy(&bounds.high, &activation_max, sizeof bounds.high);
  return bounds;
}

static inline void bl_store_bounded(float *to, float sum, bl_bounds_f32 bounds) {
  int32_t bits;
  memcpy(&bits, &sum, sizeof bits);
  bits &= ~(bits >> 31 & bounds.negative);
  bits = bits > bounds.high ? bounds.high : bits;
  memcpy(to, &bits, sizeof bits);
}

/* Does the same for an activation_min of 0; `high` is that of bl_bounds_f32. */
static inline void bl_store_positive(float *to, float sum, int32_t high) {
  int32_t bits;
  memcpy(&bits, &sum, sizeof bits);
  bits = bits < 0 ? 0 : bits;
  bits = bits > high ? high : bits;
  memcpy(to, &bits, sizeof bits);
}

#endif
