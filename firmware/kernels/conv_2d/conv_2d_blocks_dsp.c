/* Many output pixels at a time, as many as scratch has room for, and two output channels of them
 * before the next two: so the channels' weights are widened once for all of these pixels, and read
 * from memory that does not wait. Four pixels are a block. */
#include "patches.h"

/* What two channels of all pixels share. */
typedef struct {
  const uint32_t *taps, *later, *end; /* widened: the first step, one before the first round, end */
  int32_t skipped;                    /* steps of the first round */
  int32_t bias_0, bias_1, zero_point;
  int32_t multiplier_0, scale_0, multiplier_1, scale_1;
  int32_t stride; /* bytes from pixel to pixel */
} couple;

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
/* A step is 2 inputs of 4 pixels for 2 channels. */
#define LOAD(to, from) "ldr %[" to "], " from "\n\t"
#define MULTIPLY(pair, even, even_from, odd, odd_from)  \
  "smlad %[" even "], %[t0], %[" pair "], %[" even_from \
  "]\n\t"                                               \
  "smlad %[" odd "], %[t1], %[" pair "], %[" odd_from "]\n\t"
#define STEP(taps_0, taps_1, pair_0, pair_1, pair_2, pair_3) \
  LOAD("t1", taps_1)                                         \
  LOAD("t0", taps_0)                                         \
  LOAD("p0", pair_2)                                         \
  LOAD("p1", pair_3)                                         \
  MULTIPLY("p0", "s4", "s4", "s5", "s5")                     \
  MULTIPLY("p1", "s6", "s6", "s7", "s7")                     \
  LOAD("p1", pair_1)                                         \
  LOAD("p0", pair_0) MULTIPLY("p1", "s2", "s2", "s3", "s3") MULTIPLY("p0", "s0", "s0", "s1", "s1")
#define FIRST_STEP                       \
  LOAD("w", "%[taps]")                   \
  LOAD("s0", "%[bias_0]")                \
  LOAD("s1", "%[bias_1]")                \
  LOAD("t1", "[%[w], #4]")               \
  LOAD("t0", "[%[w]]")                   \
  LOAD("p0", "[%[x], #8]")               \
  LOAD("p1", "[%[x], #12]")              \
  MULTIPLY("p0", "s4", "s0", "s5", "s1") \
  MULTIPLY("p1", "s6", "s0", "s7", "s1") \
  LOAD("p1", "[%[x], #4]")               \
  LOAD("p0", "[%[x]]") MULTIPLY("p1", "s2", "s0", "s3", "s1") MULTIPLY("p0", "s0", "s0", "s1", "s1")
/* Jumps over the skipped steps of the first of the rounds of 8. w and x lie a step before a round;
 * its last step moves them. */
#define ROUNDS \
  LOAD("t0", "%[skipped]") LOAD("w", "%[later]")                                                 \
  "sub %[x], %[x], %[t0], lsl #4\n\t"                                                            \
  "tbb [pc, %[t0]]\n"                                                                            \
  "2:\n\t"                                                                                       \
  ".byte (10f - 2b) / 2, (11f - 2b) / 2, (12f - 2b) / 2, (13f - 2b) / 2\n\t"                     \
  ".byte (14f - 2b) / 2, (15f - 2b) / 2, (16f - 2b) / 2, (17f - 2b) / 2\n\t"                     \
  ".p2align 2\n"                                                                                 \
  "10:\n\t" STEP("[%[w], #8]", "[%[w], #12]", "[%[x], #16]", "[%[x], #20]", "[%[x], #24]",       \
                 "[%[x], #28]")                                                                  \
  "11:\n\t" STEP("[%[w], #16]", "[%[w], #20]", "[%[x], #32]", "[%[x], #36]", "[%[x], #40]",      \
                 "[%[x], #44]")                                                                  \
  "12:\n\t" STEP("[%[w], #24]", "[%[w], #28]", "[%[x], #48]", "[%[x], #52]", "[%[x], #56]",      \
                 "[%[x], #60]")                                                                  \
  "13:\n\t" STEP("[%[w], #32]", "[%[w], #36]", "[%[x], #64]", "[%[x], #68]", "[%[x], #72]",      \
                 "[%[x], #76]")                                                                  \
  "14:\n\t" STEP("[%[w], #40]", "[%[w], #44]", "[%[x], #80]", "[%[x], #84]", "[%[x], #88]",      \
                 "[%[x], #92]")                                                                  \
  "15:\n\t" STEP("[%[w], #48]", "[%[w], #52]", "[%[x], #96]", "[%[x], #100]", "[%[x], #104]",    \
                 "[%[x], #108]")                                                                 \
  "16:\n\t" STEP("[%[w], #56]", "[%[w], #60]", "[%[x], #112]", "[%[x], #116]", "[%[x], #120]",   \
                 "[%[x], #124]")                                                                 \
  "17:\n\t" STEP("[%[w], #64]!", "[%[w], #68]", "[%[x], #128]!", "[%[x], #132]", "[%[x], #136]", \
                 "[%[x], #140]")                                                                 \
  LOAD("p0", "%[end]")                                                                           \
  "cmp %[w], %[p0]\n\t"                                                                          \
  "bne 10b\n\t"
/* Four sums of one channel to bytes: bl_requantise_fast. */
#define SCALE(s) "smmlar %[" s "], %[" s "], %[t0], %[" s "]\n\t"
#define LESS_IF_NEGATIVE(s) "add %[" s "], %[" s "], %[" s "], asr #31\n\t"
#define SHIFT(s)          \
  "smmlsr %[" s "], %[" s \
  "], %[t1], %[p1]\n\t"   \
  "ssat %[" s "], #8, %[" s "]\n\t"
#define TO_BYTES(away, a, b, c, d) \
  SCALE(a)                         \
  SCALE(b) SCALE(c) SCALE(d) away(a) away(b) away(c) away(d) SHIFT(a) SHIFT(b) SHIFT(c) SHIFT(d)
#define NOTHING(s) ""
#define JOIN(even, odd) "bfi %[" even "], %[" odd "], #8, #8\n\t"
#define BLOCKS(away) \
  __asm__ volatile(                                                                               \
      ".p2align 2\n"                                                                              \
      "4:\n\t" FIRST_STEP ROUNDS                                                                  \
      LOAD("p1", "%[zero]") LOAD("t0", "%[multiplier_0]") LOAD("t1", "%[scale_0]")                \
      TO_BYTES(away, "s0", "s2", "s4", "s6")                                                      \
      LOAD("t0", "%[multiplier_1]") LOAD("t1", "%[scale_1]")                                      \
      TO_BYTES(away, "s1", "s3", "s5", "s7")                                                      \
      JOIN("s0", "s1") JOIN("s2", "s3") JOIN("s4", "s5") JOIN("s6", "s7")                         \
      LOAD("p0", "%[output]") LOAD("p1", "%[stride]")                                             \
      "strh %[s0], [%[p0]]\n\t"                                                                   \
      "add %[t0], %[p0], %[p1], lsl #2\n\t"                                                       \
      "strh %[s2], [%[p0], %[p1]]\n\t"                                                            \
      "strh %[s4], [%[p0], %[p1], lsl #1]\n\t"                                                    \
      "sub %[t1], %[t0], %[p1]\n\t"                                                               \
      "str %[t0], %[output]\n\t"                                                                  \
      "strh %[s6], [%[t1]]\n\t"                                                                   \
      LOAD("p0", "%[stop]")                                                                       \
      "adds %[x], #16\n\t"                                                                        \
      "cmp %[x], %[p0]\n\t"                                                                       \
      "bne 4b"                                                                                    \
      : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [s4] "=&r"(s4),           \
        [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7), [t0] "=&l"(t0), [t1] "=&l"(t1),           \
        [p0] "=&l"(p0), [p1] "=&l"(p1), [w] "=&l"(w), [x] "+l"(x), [output] "+m"(output)          \
      : [taps] "m"(c.taps), [later] "m"(c.later), [end] "m"(c.end), [skipped] "m"(c.skipped),     \
        [bias_0] "m"(c.bias_0), [bias_1] "m"(c.bias_1), [zero] "m"(c.zero_point),                 \
        [multiplier_0] "m"(c.multiplier_0), [scale_0] "m"(c.scale_0),                             \
        [multiplier_1] "m"(c.multiplier_1), [scale_1] "m"(c.scale_1), [stride] "m"(c.stride),     \
        [stop] "m"(stop)                                                                          \
      : "cc", "memory")
/* Two channels of the blocks from `x` up to `stop`; their pixels follow one another in `output`.
 * `relu`, a constant: see bl_requantise_fast. In assembly, because 14 values in 14 registers leave
 * a compiler no room. */
BL_INLINE void two_channels(couple c, const uint32_t *x, const uint32_t *stop, int8_t *output,
                            int relu) {
  uint32_t s0, s1, s2, s3, s4, s5, s6, s7, t0, t1, p0, p1;
  const uint32_t *w;
  if (relu) {
    BLOCKS(NOTHING);
  } else {
    BLOCKS(LESS_IF_NEGATIVE);
  }
}
#else
enum { ROUND = 8 }; /* steps */

static void step(const uint32_t *taps, const uint32_t *x, uint32_t sums[LANES][2]) {
  for (int32_t lane = 0; lane < LANES; lane++) {
    sums[lane][0] = (uint32_t)bl_smlad(taps[0], x[lane], (int32_t)sums[lane][0]);
    sums[lane][1] = (uint32_t)bl_smlad(taps[1], x[lane], (int32_t)sums[lane][1]);
  }
}

/* Goes the way of the assembly, so that what is wrong there is wrong here. */
BL_INLINE void two_channels(couple c, const uint32_t *x, const uint32_t *stop, int8_t *output,
                            int relu) {
  for (; x != stop; output += LANES * c.stride) {
    uint32_t sums[LANES][2];
    for (int32_t lane = 0; lane < LANES; lane++) {
      sums[lane][0] = (uint32_t)c.bias_0, sums[lane][1] = (uint32_t)c.bias_1;
    }
    step(c.taps, x, sums);
    const uint32_t *w = c.later;
    int32_t skipped = c.skipped;
    x -= LANES * skipped;
    do {
      for (int32_t k = skipped; k < ROUND; k++) {
        step(w + 2 * (k + 1), x + LANES * (k + 1), sums);
      }
      w += 2 * ROUND, x += LANES * ROUND, skipped = 0;
    } while (w != c.end);
    x += LANES;
    for (int32_t lane = 0; lane < LANES; lane++) {
      int8_t *to = output + lane * c.stride;
      to[0] = (int8_t)bl_requantise_fast((int32_t)sums[lane][0], c.multiplier_0, c.scale_0,
                                         c.zero_point, relu);
      to[1] = (int8_t)bl_requantise_fast((int32_t)sums[lane][1], c.multiplier_1, c.scale_1,
                                         c.zero_point, relu);
    }
  }
}
#endif

typedef void two_function(const couple *c, const uint32_t *x, const uint32_t *stop, int8_t *output);

/* What all pixels share. */
typedef struct {
  const bl_conv_2d_s8 *p;
  const uint32_t *filter;
  int32_t steps;     /* at least 2 */
  uint32_t *taps;    /* room for the widened weights of two channels */
  uint32_t *patches; /* block after block */
  two_function *two;
} job;

static BL_NOINLINE void any_two(const couple *c, const uint32_t *x, const uint32_t *stop,
                                int8_t *output) {
  two_channels(*c, x, stop, output, 0);
}

static BL_NOINLINE void relu_two(const couple *c, const uint32_t *x, const uint32_t *stop,
                                 int8_t *output) {
  two_channels(*c, x, stop, output, 1);
}

/* Words of weights to pairs of two channels; returns the words that follow. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
static BL_NOINLINE const uint32_t *widen_taps(const uint32_t *from, int32_t count, uint32_t *to) {
  register const uint32_t *source __asm__("r0") = from;
  register uint32_t *target __asm__("r1") = to;
  register const uint32_t *stop __asm__("r12") = from + (count & ~3);
  if (count >= 4) {
    __asm__ volatile(
        ".p2align 2\n"
        "1:\n\t"
        "ldmia r0!, {r2, r4, r6, r8}\n\t"
        "sxtb16 r3, r2, ror #8\n\t"
        "sxtb16 r2, r2\n\t"
        "sxtb16 r5, r4, ror #8\n\t"
        "sxtb16 r4, r4\n\t"
        "sxtb16 r7, r6, ror #8\n\t"
        "sxtb16 r6, r6\n\t"
        "sxtb16 r9, r8, ror #8\n\t"
        "sxtb16 r8, r8\n\t"
        "stmia r1!, {r2, r3, r4, r5, r6, r7, r8, r9}\n\t"
        "cmp r0, r12\n\t"
        "bne 1b"
        : "+r"(source), "+r"(target)
        : "r"(stop)
        : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "cc", "memory");
  }
  for (count &= 3; count > 0; count--, target += 2) {
    const uint32_t both = *source++;
    target[0] = bl_sxtb16(both), target[1] = bl_sxtb16_odd(both);
  }
  return source;
}
#else
static const uint32_t *widen_taps(const uint32_t *from, int32_t count, uint32_t *to) {
  for (; count > 0; count--, to += 2) {
    const uint32_t both = *from++;
    to[0] = bl_sxtb16(both), to[1] = bl_sxtb16_odd(both);
  }
  return from;
}
#endif

/* All channels of `count` pixels, at least 4. If they are no whole blocks, the last block begins
 * at pixel count - 4. */
static void all_channels(const job *j, int32_t count, int8_t *output) {
  const int32_t channels = j->p->window.output_c, steps = j->steps;
  const int32_t skipped = (1 - steps) & 7, block = LANES * steps;
  const uint32_t *const whole = j->patches + (count / LANES) * block;
  const uint32_t *filter = j->filter;
  couple c = {.taps = j->taps,
              .later = j->taps - 2 * skipped,
              .end = j->taps + 2 * (steps - 1),
              .skipped = skipped,
              .zero_point = j->p->output_zero_point,
              .stride = channels};
  for (int32_t done = 0; done < channels; done += 2) {
    int8_t *const to = output + (done + 2 <= channels ? done : channels - 2);
    c.bias_0 = (int32_t)filter[0], c.bias_1 = (int32_t)filter[1];
    filter = widen_taps(filter + 2, steps, j->taps);
    c.multiplier_0 = (int32_t)filter[0], c.scale_0 = (int32_t)filter[1];
    c.multiplier_1 = (int32_t)filter[2], c.scale_1 = (int32_t)filter[3];
    filter += 4;
    j->two(&c, j->patches, whole, to);
    if (count % LANES) {
      j->two(&c, whole, whole + block, to + (count - LANES) * channels);
    }
  }
}

/* Where a block of pixels begins: 1x1 windows are bytes side by side, others have a place. */
typedef struct {
  const bl_window *w;
  const int8_t *input;
  bl_walk walk;
  range ys, xs; /* of windows inside the map */
  int32_t first, y_step, x_step;
  int32_t y, x;
  int8_t *edge;
} map;

/* The patches of four pixels that need not lie in one row. */
static BL_NOINLINE void one_block(const job *j, map *m, uint32_t *to) {
  const bl_window *w = m->w;
  for (int32_t lane = 0; lane < LANES;) {
    if (m->x == w->output_w) {
      m->x = 0;
      m->y++;
    }
    const int32_t inside_x = m->x - m->xs.begin, width = (int32_t)m->xs.count;
    if ((uint32_t)(m->y - m->ys.begin) < m->ys.count && inside_x >= 0 && inside_x < width) {
      const int32_t count = width - inside_x < LANES - lane ? width - inside_x : LANES - lane;
      bl_gather(&m->walk, m->input + (m->first + m->y * m->y_step + m->x * m->x_step), m->x_step,
                count, to + lane);
      lane += count;
      m->x += count;
    } else {
      bl_gather_edge(j->p, m->input, m->y, m->x, to + lane, m->edge);
      lane++;
      m->x++;
    }
  }
}

/* The patches of the next `count` pixels, at least 4. */
static void gather(const job *j, map *m, int32_t count) {
  uint32_t *to = j->patches;
  for (int32_t done = 0; done < count; done += LANES, to += LANES * j->steps) {
    if (done + LANES > count) { /* some pixels again */
      for (m->x -= done + LANES - count; m->x < 0; m->x += m->w->output_w) {
        m->y--;
      }
    }
    one_block(j, m, to);
  }
}

/* The same of a 1x1 convolution without stride or padding; returns the inputs that follow. */
static const int8_t *gather_pointwise(const job *j, const int8_t *input, int32_t count) {
  const int32_t channels = j->p->window.input_c;
  const int8_t *const end = input + count * channels, *last = end - LANES * channels;
  uint32_t *to = j->patches;
  for (; input < end; input += LANES * channels, to += LANES * j->steps) {
    widen_four(to, input < last ? input : last, channels);
  }
  return end;
}

static BL_NOINLINE bl_status conv_2d(const bl_conv_2d_s8 *p, const int8_t *input,
                                     const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                     int8_t *output, two_function *two) {
  const bl_window *w = &p->window;
  const int32_t total = w->output_h * w->output_w;
  if (!bl_window_is_valid(w) || total < LANES || w->output_c < 2) {
    return BL_BAD_ARGUMENT;
  }
  map m = {.w = w, .input = input, .walk = bl_walk_of(w)};
  const int32_t steps = m.walk.rows * m.walk.runs * ((m.walk.bytes + 1) / 2);
  const int32_t most = (scratch_bytes - m.walk.bytes - 8 * steps) / (4 * LANES * steps) * LANES;
  if (steps < 2) {
    return BL_BAD_ARGUMENT;
  }
  if (most < 2 * LANES) {
    return BL_SCRATCH_TOO_SMALL;
  }
  const job j = {.p = p,
                 .filter = (const uint32_t *)filter,
                 .steps = steps,
                 .taps = scratch,
                 .patches = (uint32_t *)scratch + 2 * steps,
                 .two = two};
  const int pointwise = bl_window_is_pointwise(w);
  const int narrow = p->activation_min > INT8_MIN || p->activation_max < INT8_MAX;
  if (!pointwise) {
    m.ys = inside(w->stride_h, w->pad_top, (w->filter_h - 1) * w->dilation_h + 1, w->input_h);
    m.xs = inside(w->stride_w, w->pad_left, (w->filter_w - 1) * w->dilation_w + 1, w->input_w);
    m.x_step = w->stride_w * w->input_c;
    m.y_step = w->stride_h * w->input_w * w->input_c;
    m.first = -(w->pad_top * w->input_w + w->pad_left) * w->input_c;
    m.edge = (int8_t *)(j.patches + most * steps);
  }
  for (int32_t left = total, count; left > 0; left -= count) {
    count = left < most ? left : most;
    count -= left - count > 0 && left - count < LANES ? LANES : 0; /* those are left for a block */
    if (pointwise) {
      input = gather_pointwise(&j, input, count);
    } else {
      gather(&j, &m, count);
    }
    all_channels(&j, count, output);
    if (narrow) {
      bl_clamp_bytes(output, count * w->output_c, p->activation_min, p->activation_max);
    }
    output += count * w->output_c;
  }
  return BL_OK;
}

bl_status bl_conv_2d_s8_blocks_dsp(const bl_conv_2d_s8 *p, const int8_t *input,
                                   const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                   int8_t *output) {
  return conv_2d(p, input, filter, scratch, scratch_bytes, output, any_two);
}

bl_status bl_conv_2d_s8_relu_blocks_dsp(const bl_conv_2d_s8 *p, const int8_t *input,
                                        const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                        int8_t *output) {
  return p->activation_min < p->output_zero_point
             ? BL_BAD_ARGUMENT
             : conv_2d(p, input, filter, scratch, scratch_bytes, output, relu_two);
}
