/* 3x3 windows that slide along rows of pairs: what the depthwise _dsp variants share.
 *
 * The rows that a band of output rows needs lie in scratch as pairs of neighbours (columns 2 k and
 * 2 k + 1 of the padded row), so that one SMLAD serves two taps; padding is written as the input's
 * zero point, so that no window needs an edge test and the offset can live in the bias.
 */
#ifndef BL_SLIDE_H
#define BL_SLIDE_H

#include "dsp.h"
#include "kernel.h"

enum { BL_GROUP = 4 }; /* channels whose pairs lie side by side */

/* One channel, packed by lower.py. */
typedef struct {
  uint32_t rows[3]; /* of taps: (0, 1, 1, 2) as bytes */
  bl_channel channel;
} bl_sliding;

/* One channel of a 3x3 depthwise convolution. Rows of inputs are pairs of neighbours, element 0 of
 * a pair being an even column of the padded row; pairs of a row are 16 bytes apart. The offsets are
 * known to the assembly. */
typedef struct {
  uint32_t taps[6];          /* row by row (0, 1), (1, 2) */
  int32_t multiplier, scale; /* of bl_channel */
  int32_t zero_point;        /* of the output */
  const uint32_t *stop;      /* where bl_slide_* ends */
  int32_t next_row;          /* bytes from the last row of a window to the first of the next one */
  int32_t next_output;       /* bytes from a row's outputs to the next's */
  int32_t bias;              /* of bl_channel */
  /* of bl_slide_by_4: bytes from row to row, the last row's `stop`, and from where a row's windows
   * end to where the next ones begin */
  int32_t row_step;
  const uint32_t *last_stop;
  int32_t fours_next_row, fours_next_output;
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

/* What the channels of a band share, and which are next. */
typedef struct {
  bl_lane lane;
  int32_t row_bytes;   /* of scratch */
  int32_t row_words;   /* of scratch, from output row to output row */
  int32_t words;       /* of scratch, from the band's first output row to its end */
  int32_t rows, width; /* of the output band */
  int32_t stride;      /* from output pixel to output pixel */
  int32_t channels;    /* to compute */
  int32_t apart;       /* words from a channel's first pair to that of the next */
  const bl_sliding *next;
} bl_band;

/* What a band of this map starts with. `channels` are computed at a time, whose pairs are `apart`
 * words from each other. */
static inline bl_band bl_band_of(const bl_window *w, int32_t output_zero_point, int32_t row_bytes,
                                 int32_t channels, int32_t apart) {
  const int32_t left = w->output_w & 3, row_step = w->stride_h * row_bytes;
  return (bl_band){
      .lane = {.zero_point = output_zero_point,
               .next_row = row_step - 2 * row_bytes,
               .next_output = w->output_w * w->output_c,
               .row_step = row_step,
               .fours_next_row = row_step - w->output_w / 4 * 8 * w->stride_w * BL_GROUP,
               .fours_next_output = left * w->output_c},
      .row_bytes = row_bytes,
      .row_words = row_step / 4,
      .width = w->output_w,
      .stride = w->output_c,
      .channels = channels,
      .apart = apart,
  };
}

/* The output band of the next channels; `pairs` is the first pair of the first one, and `outputs`
 * its first value. */
typedef void bl_band_function(bl_band *b, const uint32_t *pairs, int8_t *outputs);

/* Steps of 1 or 2 columns; `relu` as in bl_requantise_fast. */
bl_band_function bl_band_by_1, bl_band_by_2, bl_relu_band_by_1, bl_relu_band_by_2;

static inline void bl_set_channel(bl_lane *l, const bl_sliding *s) {
  const uint32_t row0 = s->rows[0], row1 = s->rows[1], row2 = s->rows[2];
  l->taps[0] = bl_sxtb16(row0);
  l->taps[1] = bl_sxtb16_odd(row0);
  l->taps[2] = bl_sxtb16(row1);
  l->taps[3] = bl_sxtb16_odd(row1);
  l->taps[4] = bl_sxtb16(row2);
  l->taps[5] = bl_sxtb16_odd(row2);
  l->bias = s->channel.bias;
  l->multiplier = s->channel.multiplier;
  l->scale = s->channel.scale;
}

#endif
