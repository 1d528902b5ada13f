/* Patches from the map, widened to pairs. */
#include "patches.h"

/* Does what widen() does, 16 bytes at a time: loads that follow one another take a cycle each,
 * those between stores three. */
BL_INLINE uint32_t *widen_run(uint32_t *to, const int8_t *from, int32_t bytes) {
  for (const int8_t *end = from + (bytes & ~15); from != end; from += 16, to += 8 * LANES) {
    const uint32_t a = bl_load32(from), b = bl_load32(from + 4);
    const uint32_t c = bl_load32(from + 8), d = bl_load32(from + 12);
    to[0] = bl_sxtb16(a), to[LANES] = bl_sxtb16_odd(a);
    to[2 * LANES] = bl_sxtb16(b), to[3 * LANES] = bl_sxtb16_odd(b);
    to[4 * LANES] = bl_sxtb16(c), to[5 * LANES] = bl_sxtb16_odd(c);
    to[6 * LANES] = bl_sxtb16(d), to[7 * LANES] = bl_sxtb16_odd(d);
  }
  return widen(to, from, bytes & 15);
}

/* The patch that starts at `pixel`, one lane of four. */
BL_INLINE void gather_one(const bl_walk *g, const int8_t *pixel, uint32_t *to) {
  const int32_t bytes = g->bytes, row_step = g->row_step;
  for (int32_t rows = g->rows; rows > 0; rows--, pixel += row_step) {
    const int8_t *from = pixel;
    for (int32_t runs = g->runs; runs > 0; runs--, from += g->run_step) {
      to = widen_run(to, from, bytes);
    }
  }
}

/* Three columns of three channels, in so many rows. */
BL_INLINE void gather_nines(const bl_walk *g, const int8_t *from, uint32_t *to) {
  const int32_t row_step = g->row_step;
  for (int32_t rows = g->rows; rows > 0; rows--, from += row_step, to += 5 * LANES) {
    const uint32_t a = bl_load32(from), b = bl_load32(from + 4);
    const int32_t last = from[8];
    to[0] = bl_sxtb16(a), to[LANES] = bl_sxtb16_odd(a);
    to[2 * LANES] = bl_sxtb16(b), to[3 * LANES] = bl_sxtb16_odd(b);
    to[4 * LANES] = bl_pair(last, 0);
  }
}

void bl_gather(const bl_walk *g, const int8_t *pixel, int32_t step, int32_t count, uint32_t *to) {
  const int is_rgb = g->bytes == 9 && g->runs == 1; /* the usual first layer */
  for (const uint32_t *end = to + count; to != end; to++, pixel += step) {
    if (is_rgb) {
      gather_nines(g, pixel, to);
    } else {
      gather_one(g, pixel, to);
    }
  }
}

static BL_NOINLINE uint32_t *one_run(uint32_t *to, const int8_t *from, int32_t bytes) {
  return widen_run(to, from, bytes);
}

void bl_gather_edge(const bl_conv_2d_s8 *p, const int8_t *input, int32_t y, int32_t x, uint32_t *to,
                    int8_t *edge) {
  const bl_window *w = &p->window;
  const int32_t run = w->dilation_w == 1 ? w->filter_w : 1, bytes = run * w->input_c;
  int is_padding = 0; /* all of `edge` */
  for (int32_t ky = 0; ky < w->filter_h; ky++) {
    const int32_t row = y * w->stride_h - w->pad_top + ky * w->dilation_h;
    for (int32_t kx = 0; kx < w->filter_w; kx += run) {
      const int32_t column = x * w->stride_w - w->pad_left + kx * w->dilation_w;
      const int32_t begin = column < 0 ? -column : 0;
      const int32_t end = column + run > w->input_w ? w->input_w - column : run;
      const int inside = row >= 0 && row < w->input_h && begin < end;
      const int8_t *from = input + (row * w->input_w + column) * w->input_c;
      if (inside && end - begin == run) {
        to = one_run(to, from, bytes);
        continue;
      }
      if (!is_padding) {
        memset(edge, p->input_zero_point, (size_t)bytes);
      }
      if (inside) {
        memcpy(edge + begin * w->input_c, from + begin * w->input_c,
               (size_t)((end - begin) * w->input_c));
      }
      is_padding = !inside;
      to = one_run(to, edge, bytes);
    }
  }
}
