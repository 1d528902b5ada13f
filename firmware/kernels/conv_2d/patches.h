/* Patches of int16 pairs, which the _dsp variants of CONV_2D multiply: a patch is what lies under
 * the window of an output pixel. Four patches lie side by side, lane by lane, so that a step over
 * them is four words. */
#ifndef BL_CONV_2D_PATCHES_H
#define BL_CONV_2D_PATCHES_H

#include "conv_2d.h"
#include "dsp.h"

enum { LANES = 4 };

/* Bytes to pairs, one lane of four: (0, 2), (1, 3), (4, 6) .., the rest (0, 1), (2, -). */
BL_INLINE uint32_t *widen(uint32_t *to, const int8_t *from, int32_t bytes) {
  for (const int8_t *end = from + (bytes & ~3); from != end; from += 4, to += 2 * LANES) {
    const uint32_t four = bl_load32(from);
    to[0] = bl_sxtb16(four);
    to[LANES] = bl_sxtb16_odd(four);
  }
  if (bytes & 2) {
    *to = bl_pair(from[0], from[1]);
    to += LANES;
    from += 2;
  }
  if (bytes & 1) {
    *to = bl_pair(from[0], 0);
    to += LANES;
  }
  return to;
}

/* A walk over a patch: runs of adjacent bytes. */
typedef struct {
  int32_t rows, row_step; /* steps in bytes */
  int32_t runs, run_step; /* in a row */
  int32_t bytes;          /* in a run */
} bl_walk;

BL_INLINE bl_walk bl_walk_of(const bl_window *w) {
  const int side_by_side = w->dilation_w == 1;
  return (bl_walk){.rows = w->filter_h,
                   .row_step = w->dilation_h * w->input_w * w->input_c,
                   .runs = side_by_side ? 1 : w->filter_w,
                   .run_step = w->dilation_w * w->input_c,
                   .bytes = (side_by_side ? w->filter_w : 1) * w->input_c};
}

/* The patches of `count` pixels that lie `step` bytes apart. */
void bl_gather(const bl_walk *g, const int8_t *pixel, int32_t step, int32_t count, uint32_t *to);

/* Does the same for a patch that extends beyond the map; `edge` has room for one run. */
void bl_gather_edge(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x, uint32_t *to,
                    int8_t *edge);

/* Output positions along one axis whose window lies inside the map. */
typedef struct {
  int32_t begin;
  uint32_t count;
} range;

static inline range inside(int32_t stride, int32_t pad, int32_t reach, int32_t input) {
  const int32_t begin = (pad + stride - 1) / stride, last = input - reach + pad;
  const int32_t end = last < 0 ? 0 : last / stride + 1;
  return (range){begin, end > begin ? (uint32_t)(end - begin) : 0};
}

/* Four pixels that lie side by side, as widen() would do it one by one. */
BL_INLINE void widen_four(uint32_t *to, const int8_t *from, int32_t bytes) {
  for (const int8_t *end = from + (bytes & ~3); from != end; from += 4, to += 2 * LANES) {
    const uint32_t a = bl_load32(from), b = bl_load32(from + bytes);
    const uint32_t c = bl_load32(from + 2 * bytes), d = bl_load32(from + 3 * bytes);
    to[0] = bl_sxtb16(a), to[1] = bl_sxtb16(b), to[2] = bl_sxtb16(c), to[3] = bl_sxtb16(d);
    to[4] = bl_sxtb16_odd(a), to[5] = bl_sxtb16_odd(b);
    to[6] = bl_sxtb16_odd(c), to[7] = bl_sxtb16_odd(d);
  }
  const uint32_t *lanes_end = to + LANES;
  if ((bytes & 3) == 3) {
    for (; to != lanes_end; to++, from += bytes) {
      widen(to, from, 3);
    }
  } else if (bytes & 3) {
    for (; to != lanes_end; to++, from += bytes) {
      widen(to, from, bytes & 3);
    }
  }
}

#endif
