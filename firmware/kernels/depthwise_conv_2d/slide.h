/* 3x3 windows that slide along rows of pairs: what the depthwise _dsp variants share.
 *
 * The rows that a band of output rows needs lie in scratch as pairs of neighbours (columns 2 k and
 * 2 k + 1 of the padded row), so that one SMLAD serves two taps; padding is written as the input's
 * zero point, so that no window needs an edge test and the offset can live in the bias.
 */
#ifndef BL_SLIDE_H
#define BL_SLIDE_H

#include "dsp.h"

enum { BL_GROUP = 4 }; /* channels whose pairs lie side by side */

/* One channel of a 3x3 depthwise convolution. Rows of inputs are pairs of neighbours, element 0 of
 * a pair being an even column of the padded row; pairs of a row are 16 bytes apart. The offsets are
 * known to the assembly. */
typedef struct {
  uint32_t taps[6];          /* row by row (0, 1), (1, 2) */
  int32_t multiplier, scale; /* of bl_channel */
  int32_t zero_point;        /* of the output */
  const uint32_t *stop;      /* of bl_slide_by_4 */
  int32_t bias;              /* of bl_channel */
} bl_lane;

/* The pairs of a row of scratch, from left to right. */
typedef struct {
  int32_t before; /* padding */
  int32_t first;  /* 1: padding and the map's first pixel */
  int32_t inside; /* two pixels */
  int32_t last;   /* 1: the map's last pixel and padding */
  int32_t after;  /* padding */
} bl_row_layout;

static inline int32_t bl_least(int32_t a, int32_t b) {
  return a < b ? a : b;
}

static inline bl_row_layout bl_row_layout_of(int32_t pairs, int32_t width, int32_t pad_left) {
  const int32_t odd = pad_left & 1, left = width - odd; /* pixels behind `first` */
  bl_row_layout l;
  l.before = bl_least(pad_left / 2, pairs);
  l.first = bl_least(odd, pairs -= l.before);
  l.inside = bl_least(left / 2, pairs -= l.first);
  l.last = bl_least(left & 1, pairs -= l.inside);
  l.after = pairs - l.last;
  return l;
}

/* Writes `pair` to all channels of `count` pairs; returns their end. */
BL_INLINE uint32_t *bl_pad_pairs(uint32_t *to, uint32_t pair, int32_t count) {
  for (const uint32_t *end = to + count * BL_GROUP; to != end; to += BL_GROUP) {
    to[0] = pair, to[1] = pair, to[2] = pair, to[3] = pair;
  }
  return to;
}

/* Values that the outputs of one channel share. */
typedef struct {
  bl_lane lane;
  int32_t row_bytes;   /* of scratch */
  int32_t row_words;   /* of scratch, from output row to output row */
  int32_t rows, width; /* of the output band */
  int32_t stride;      /* from output pixel to output pixel */
} bl_band;

/* The output band of one channel; `row` is its first pair, and `output` its first value. */
typedef void bl_band_function(bl_band *b, const uint32_t *row, int8_t *output);

/* Supports steps of 1 or 2 columns; `relu` as in bl_requantise_fast. */
bl_band_function *bl_band_function_of(int32_t stride_w, int relu);

/* filter: three words, one per row of taps: (0, 1, 1, 2) as bytes. */
static inline void bl_set_channel(bl_lane *l, const uint32_t *filter, const bl_channel *channel) {
  for (int32_t ky = 0; ky < 3; ky++) {
    l->taps[2 * ky] = bl_sxtb16(filter[ky]);
    l->taps[2 * ky + 1] = bl_sxtb16_odd(filter[ky]);
  }
  l->bias = channel->bias;
  l->multiplier = channel->multiplier;
  l->scale = channel->scale;
}

#endif
