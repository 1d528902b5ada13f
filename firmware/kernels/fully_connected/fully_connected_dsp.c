/* Four outputs at a time, from inputs that were widened to pairs once. A pair of inputs meets a
 * word of a couple of outputs' weights, 256 * top + bottom in each half: the word as it is gives a
 * mixed sum, 256 times the top output's plus the bottom one's, and the bottom weights alone give
 * the latter. So only every second weight must be widened. */
#include "dsp.h"
#include "fully_connected.h"

enum {
  AT_ONCE = 4,      /* outputs */
  MOST_FOURS = 126, /* of inputs: times 4 * 2^14 is less than 2^23, which the mixed sum holds */
};

/* A couple's sums before they are separated. */
typedef struct {
  int32_t mixed, bottom;
} couple;

BL_INLINE couple add_pair(couple sums, uint32_t inputs, uint32_t weights) {
  return (couple){bl_smlad(weights, inputs, sums.mixed),
                  bl_smlad(bl_sxtb16(weights), inputs, sums.bottom)};
}

BL_INLINE void separate(couple sums, const uint32_t *start, uint32_t *to) {
  to[0] = start[0] + (uint32_t)sums.bottom;
  to[1] = start[1] + (uint32_t)((int32_t)((uint32_t)sums.mixed - (uint32_t)sums.bottom) >> 8);
}

/* The pairs of inputs up to `end`, an even number and at least 2, for the two couples of four
 * outputs; returns where the next weights are. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define PAIR(inputs, weights, mixed, bottom)         \
  "smlad " mixed ", " weights ", " inputs ", " mixed \
  "\n\t"                                             \
  "sxtb16 " weights ", " weights                     \
  "\n\t"                                             \
  "smlad " bottom ", " weights ", " inputs ", " bottom "\n\t"
#define FOUR                                                                                   \
  "ldrd r8, r9, [lr], #8\n\t"                                                                  \
  "ldmia r12!, {r4, r5, r6, r7}\n\t" PAIR("r8", "r4", "r0", "r1") PAIR("r8", "r5", "r2", "r3") \
      PAIR("r9", "r6", "r0", "r1") PAIR("r9", "r7", "r2", "r3")
/* In assembly, because 13 values in 14 registers leave a compiler no room. */
BL_INLINE const uint32_t *add_fours(const uint32_t *inputs, const uint32_t *end,
                                    const uint32_t *weights, couple sums[2]) {
  register int32_t mixed_a __asm__("r0") = 0, bottom_a __asm__("r1") = 0;
  register int32_t mixed_b __asm__("r2") = 0, bottom_b __asm__("r3") = 0;
  register const uint32_t *from __asm__("lr") = inputs, *taps __asm__("r12") = weights;
  register const uint32_t *to __asm__("r10") = end;
  register uint32_t skipped __asm__("r8") = (uint32_t)(inputs - end) / 2 % 4; /* at first */
  __asm__ volatile(
      "tbb [pc, r8]\n"
      "1:\n\t"
      ".byte (2f - 1b) / 2, (3f - 1b) / 2, (4f - 1b) / 2, (5f - 1b) / 2\n\t"
      ".balign 4\n"
      "2:\n\t" FOUR "3:\n\t" FOUR "4:\n\t" FOUR "5:\n\t" FOUR
      "cmp lr, r10\n\t"
      "bne 2b"
      : "+r"(mixed_a), "+r"(bottom_a), "+r"(mixed_b), "+r"(bottom_b), "+r"(from), "+r"(taps),
        "+r"(skipped)
      : "r"(to)
      : "r4", "r5", "r6", "r7", "r9", "cc", "memory");
  sums[0] = (couple){mixed_a, bottom_a};
  sums[1] = (couple){mixed_b, bottom_b};
  return taps;
}
#undef PAIR
#undef FOUR
#else
BL_INLINE const uint32_t *add_fours(const uint32_t *inputs, const uint32_t *end,
                                    const uint32_t *weights, couple sums[2]) {
  sums[0] = sums[1] = (couple){0, 0};
  for (; inputs != end; inputs++, weights += 2) {
    sums[0] = add_pair(sums[0], *inputs, weights[0]);
    sums[1] = add_pair(sums[1], *inputs, weights[1]);
  }
  return weights;
}
#endif

/* The next four inputs, or the last 1 to 3 and zeros. */
BL_INLINE uint32_t four_of(const int8_t *inputs, int32_t left) {
  uint32_t four = 0;
  memcpy(&four, inputs, left < 4 ? (size_t)left : 4);
  return four;
}

/* Inputs (0, 2), (1, 3), (4, 6), .. as pairs. */
static BL_NOINLINE void widen(const int8_t *inputs, int32_t count, uint32_t *to) {
  for (; count > 0; count -= 4, inputs += 4, to += 2) {
    const uint32_t four = count < 4 ? four_of(inputs, count) : bl_load32(inputs);
    to[0] = bl_sxtb16(four);
    to[1] = bl_sxtb16_odd(four);
  }
}

/* The sums of four outputs, which begin at `start`; returns where the next weights are. */
BL_INLINE const uint32_t *four_rows(const uint32_t *inputs, const uint32_t *end,
                                    const uint32_t *weights, const uint32_t *start, uint32_t *to) {
  do {
    const uint32_t *const most = inputs + 2 * MOST_FOURS, *const now = end < most ? end : most;
    couple sums[2];
    weights = add_fours(inputs, now, weights, sums);
    separate(sums[0], start, to);
    separate(sums[1], start + 2, to + 2);
    start = to, inputs = now;
  } while (inputs != end);
  return weights;
}

/* Adds to the sums of a couple, from inputs as they are; returns where the next weights are. */
BL_INLINE const uint32_t *couple_of_rows(const int8_t *inputs, int32_t count,
                                         const uint32_t *weights, uint32_t *to) {
  while (count > 0) {
    const int32_t now = count < 4 * MOST_FOURS ? count : 4 * MOST_FOURS;
    couple sums = {0, 0};
    for (const int8_t *const end = inputs + (now & ~3); inputs != end; inputs += 4, weights += 2) {
      const uint32_t four = bl_load32(inputs);
      sums = add_pair(sums, bl_sxtb16(four), weights[0]);
      sums = add_pair(sums, bl_sxtb16_odd(four), weights[1]);
    }
    if (now & 3) {
      const uint32_t four = four_of(inputs, now & 3);
      sums = add_pair(sums, bl_sxtb16(four), *weights++);
      sums = add_pair(sums, bl_sxtb16_odd(four), *weights++);
    }
    separate(sums, to, to);
    count -= now;
  }
  return weights;
}

/* Adds to the sum of a last output without another: the words are its weights as they are. */
BL_INLINE const uint32_t *row_alone(const int8_t *inputs, int32_t count, const uint32_t *weights,
                                    uint32_t *to) {
  int32_t sum = 0;
  for (const int8_t *const end = inputs + (count & ~3); inputs != end; inputs += 4, weights += 2) {
    const uint32_t four = bl_load32(inputs);
    sum = bl_smlad(weights[0], bl_sxtb16(four), sum);
    sum = bl_smlad(weights[1], bl_sxtb16_odd(four), sum);
  }
  if (count & 3) {
    const uint32_t four = four_of(inputs, count & 3);
    sum = bl_smlad(*weights++, bl_sxtb16(four), sum);
    sum = bl_smlad(*weights++, bl_sxtb16_odd(four), sum);
  }
  *to += (uint32_t)sum;
  return weights;
}

/* What bl_requantise_once does, for shifts -2 .. -23: all that is shifted out at the end lies in
 * the upper word, to which rounding and zero point are added. */
typedef struct {
  int32_t multiplier, start, right;
} scaling;

BL_INLINE scaling scaling_of(int32_t multiplier, int32_t shift, int32_t zero_point) {
  const int32_t right = -1 - shift;
  return (scaling){multiplier, (1 << right >> 1) + zero_point * (1 << right), right};
}

BL_INLINE int8_t scaled(uint32_t sum, scaling s) {
  const int32_t negative = (int32_t)sum >> 31;
  const uint64_t start = (uint64_t)(uint32_t)(s.start + negative) << 32 | (uint32_t)negative;
  const int64_t product = (int64_t)start + (int64_t)(int32_t)sum * s.multiplier;
  return (int8_t)bl_ssat8((int32_t)(product >> 32) >> s.right);
}

/* The last 1 to 3 outputs; returns where the next weights are. */
static BL_NOINLINE const uint32_t *last_outputs(const bl_fully_connected_s8 *p,
                                                const int8_t *inputs, const uint32_t *weights,
                                                const int32_t *bias, const int32_t *multiplier,
                                                const int32_t *shift, int8_t *to) {
  const int32_t rest = p->output_c % AT_ONCE, first = p->output_c - rest;
  uint32_t sums[AT_ONCE];
  memcpy(sums, bias + first, (size_t)rest * sizeof *sums);
  if (rest > 1) {
    weights = couple_of_rows(inputs, p->input_c, weights, sums);
  }
  if (rest != 2) {
    weights = row_alone(inputs, p->input_c, weights, sums + rest - 1);
  }
  for (int32_t o = 0; o < rest; o++) {
    const int32_t at = p->scales > 1 ? first + o : 0;
    to[o] = scaled(sums[o], scaling_of(multiplier[at], shift[at], p->output_zero_point));
  }
  return weights;
}

bl_status bl_fully_connected_s8_dsp(const bl_fully_connected_s8 *p, const int8_t *input,
                                    const int32_t *filter, const int32_t *bias,
                                    const int32_t *multiplier, const int32_t *shift, void *scratch,
                                    int32_t scratch_bytes, int8_t *output) {
  const int32_t fours = p->input_c / 4 + (p->input_c % 4 > 0);
  if (p->input_c <= 0 || p->output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  if (p->output_c >= AT_ONCE) {
    if (scratch_bytes / 8 < fours) {
      return BL_SCRATCH_TOO_SMALL;
    }
    widen(input, p->input_c, scratch);
  }
  /* the last outputs first, because their weights meet inputs that are not widened; they are kept,
   * because other outputs may lie where inputs lie */
  const uint32_t *weights = (const uint32_t *)filter;
  const int32_t rest = p->output_c % AT_ONCE;
  int8_t last[AT_ONCE], *to = output;
  if (rest > 0) {
    weights = last_outputs(p, input, weights, bias, multiplier, shift, last);
  }
  const int8_t *const end = output + p->output_c - rest;
  const uint32_t *const widened = (const uint32_t *)scratch + 2 * fours; /* their end */
  scaling s = scaling_of(multiplier[0], shift[0], p->output_zero_point);
  for (; to != end; to += AT_ONCE, bias += AT_ONCE) {
    uint32_t sums[AT_ONCE];
    weights = four_rows(scratch, widened, weights, (const uint32_t *)bias, sums);
    if (p->scales > 1) {
      for (int32_t o = 0; o < AT_ONCE; o++) {
        to[o] = scaled(sums[o], scaling_of(*multiplier++, *shift++, p->output_zero_point));
      }
    } else {
      to[0] = scaled(sums[0], s);
      to[1] = scaled(sums[1], s);
      to[2] = scaled(sums[2], s);
      to[3] = scaled(sums[3], s);
    }
  }
  memcpy(to, last, (size_t)rest);
  if (p->activation_min > INT8_MIN || p->activation_max < INT8_MAX) {
    bl_clamp_bytes(output, p->output_c, p->activation_min, p->activation_max);
  }
  return BL_OK;
}
