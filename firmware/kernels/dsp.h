/* The basis of _dsp variants: the 16-bit SIMD instructions of Armv7E-M (Cortex-M4, M7), and
 * plain C of the same meaning elsewhere, so that the variants also run in host tests.
 *
 * A pair is a word that holds two int16: bottom in bits 0..15, top in bits 16..31. Sums wrap.
 * Cores without these instructions should prefer the reference: the plain C is for tests.
 */
#ifndef BL_DSP_H
#define BL_DSP_H

#include <stdint.h>
#include <string.h>

#define BL_INLINE static inline __attribute__((always_inline))
#define BL_NOINLINE __attribute__((noinline)) /* the registers are for the loops inside */

/* Four bytes, lowest address in bits 0..7; any alignment. */
BL_INLINE uint32_t bl_load32(const void *from) {
  uint32_t word;
  memcpy(&word, from, sizeof word);
  return word;
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define BL_DSP_3(name, instruction)                                                   \
  BL_INLINE int32_t name(uint32_t a, uint32_t b, int32_t sum) {                       \
    int32_t result;                                                                   \
    __asm__(instruction " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum)); \
    return result;                                                                    \
  }
BL_DSP_3(bl_smlad, "smlad")   /* sum + bottom * bottom + top * top */
BL_DSP_3(bl_smlabb, "smlabb") /* sum + bottom * bottom */
BL_DSP_3(bl_smlabt, "smlabt") /* sum + bottom * top */
BL_DSP_3(bl_smlatt, "smlatt") /* sum + top * top */
#undef BL_DSP_3

/* Bytes 0 and 2 as a pair. */
BL_INLINE uint32_t bl_sxtb16(uint32_t bytes) {
  uint32_t result;
  __asm__("sxtb16 %0, %1" : "=r"(result) : "r"(bytes));
  return result;
}

/* Bytes 1 and 3 as a pair. */
BL_INLINE uint32_t bl_sxtb16_odd(uint32_t bytes) {
  uint32_t result;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(bytes));
  return result;
}

/* Byte by byte the larger one, signed. */
BL_INLINE uint32_t bl_max_bytes(uint32_t a, uint32_t b) {
  uint32_t result;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
  return result;
}

/* Bytes 0 and 2 added to a pair. */
BL_INLINE uint32_t bl_sxtab16(uint32_t pair, uint32_t bytes) {
  uint32_t result;
  __asm__("sxtab16 %0, %1, %2" : "=r"(result) : "r"(pair), "r"(bytes));
  return result;
}

/* Bytes 1 and 3 added to a pair. */
BL_INLINE uint32_t bl_sxtab16_odd(uint32_t pair, uint32_t bytes) {
  uint32_t result;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(pair), "r"(bytes));
  return result;
}

/* (bottom of a, bottom of b) */
BL_INLINE uint32_t bl_bottoms(uint32_t a, uint32_t b) {
  uint32_t result;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(a), "r"(b));
  return result;
}

BL_INLINE uint32_t bl_pair(int32_t bottom, int32_t top) {
  return bl_bottoms((uint32_t)bottom, (uint32_t)top);
}

/* (top of a, top of b) */
BL_INLINE uint32_t bl_tops(uint32_t a, uint32_t b) {
  uint32_t result;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(b), "r"(a));
  return result;
}

/* Saturated to -128..127. */
BL_INLINE int32_t bl_ssat8(int32_t x) {
  int32_t result;
  __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
  return result;
}

/* The same of x / 2^bits, rounded down; `bits` is a constant. */
#define BL_SSAT8_SHIFTED(x, bits)                                                \
  ({                                                                             \
    int32_t bl_saturated;                                                        \
    __asm__("ssat %0, #8, %1, asr %2" : "=r"(bl_saturated) : "r"(x), "i"(bits)); \
    bl_saturated;                                                                \
  })

/* x + round(x * y / 2^32), ties upwards. */
BL_INLINE int32_t bl_smmlar(int32_t x, int32_t y) {
  int32_t result;
  __asm__("smmlar %0, %1, %2, %1" : "=r"(result) : "r"(x), "r"(y));
  return result;
}

/* round(x - y * z / 2^32), ties upwards. */
BL_INLINE int32_t bl_smmlsr(int32_t x, int32_t y, int32_t z) {
  int32_t result;
  __asm__("smmlsr %0, %1, %2, %3" : "=r"(result) : "r"(y), "r"(z), "r"(x));
  return result;
}

/* The pieces of bl_conv_pairs_4: a step is 2 inputs of 4 pixels for 2 channels, 52 bytes. */
#define BL_TAPS                       \
  "ldr %[taps1], [%[filter]], #4\n\t" \
  "sxtb16 %[taps0], %[taps1]\n\t"     \
  "sxtb16 %[taps1], %[taps1], ror #8\n\t"
#define BL_FIRST_STEP                                       \
  "ldrd %[s0], %[s1], [%[filter]], #8\n\t" /* the biases */ \
  "ldr %[patches], %[start]\n\t" BL_TAPS                    \
  "ldrd %[pair0], %[pair1], [%[patches], #8]\n\t"           \
  "smlad %[s6], %[taps0], %[pair1], %[s0]\n\t"              \
  "smlad %[s7], %[taps1], %[pair1], %[s1]\n\t"              \
  "smlad %[s4], %[taps0], %[pair0], %[s0]\n\t"              \
  "smlad %[s5], %[taps1], %[pair0], %[s1]\n\t"              \
  "ldrd %[pair0], %[pair1], [%[patches]], #16\n\t"          \
  "smlad %[s2], %[taps0], %[pair1], %[s0]\n\t"              \
  "smlad %[s3], %[taps1], %[pair1], %[s1]\n\t"              \
  "smlad %[s0], %[taps0], %[pair0], %[s0]\n\t"              \
  "smlad %[s1], %[taps1], %[pair0], %[s1]\n\t"
#define BL_STEP                                   \
  BL_TAPS                                         \
  "ldrd %[pair0], %[pair1], [%[patches]], #8\n\t" \
  "smlad %[s0], %[taps0], %[pair0], %[s0]\n\t"    \
  "smlad %[s1], %[taps1], %[pair0], %[s1]\n\t"    \
  "smlad %[s2], %[taps0], %[pair1], %[s2]\n\t"    \
  "smlad %[s3], %[taps1], %[pair1], %[s3]\n\t"    \
  "ldrd %[pair0], %[pair1], [%[patches]], #8\n\t" \
  "smlad %[s4], %[taps0], %[pair0], %[s4]\n\t"    \
  "smlad %[s5], %[taps1], %[pair0], %[s5]\n\t"    \
  "smlad %[s6], %[taps0], %[pair1], %[s6]\n\t"    \
  "smlad %[s7], %[taps1], %[pair1], %[s7]\n\t"
/* Jumps over `skipped` of the 8 steps of the first round, 8 of 8 if there are none at all. */
#define BL_STEPS                                                           \
  "ldr %[taps0], %[skipped]\n\t"                                           \
  "tbb [pc, %[taps0]]\n\t"                                                 \
  "2:\n\t"                                                                 \
  ".byte 5, 5 + 26\n\t"                                                    \
  ".byte 5 + 2 * 26, 5 + 3 * 26\n\t"                                       \
  ".byte 5 + 4 * 26, 5 + 5 * 26\n\t"                                       \
  ".byte 5 + 6 * 26, 5 + 7 * 26\n\t"                                       \
  ".byte (3f - 2b) / 2, 0\n\t"                                             \
  "1:\n\t" BL_STEP BL_STEP BL_STEP BL_STEP BL_STEP BL_STEP BL_STEP BL_STEP \
  "ldr %[pair0], %[end]\n\t"                                               \
  "cmp %[patches], %[pair0]\n\t"                                           \
  "bne 1b\n\t"                                                             \
  "3:\n\t"
/* Four sums of one channel to bytes: bl_requantise_fast. taps0 and taps1 are the channel's
 * multiplier and scale, pair1 is the zero point. */
#define BL_SCALE(s) "smmlar %[" s "], %[" s "], %[taps0], %[" s "]\n\t"
#define BL_LESS_IF_NEGATIVE(s) "add %[" s "], %[" s "], %[" s "], asr #31\n\t"
#define BL_SHIFT(s)           \
  "smmlsr %[" s "], %[" s     \
  "], %[taps1], %[pair1]\n\t" \
  "ssat %[" s "], #8, %[" s "]\n\t"
#define BL_TO_BYTES(away, a, b, c, d)                                                            \
  "ldrd %[taps0], %[taps1], [%[filter]], #8\n\t" BL_SCALE(a) BL_SCALE(b) BL_SCALE(c) BL_SCALE(d) \
      away(a) away(b) away(c) away(d) BL_SHIFT(a) BL_SHIFT(b) BL_SHIFT(c) BL_SHIFT(d)
#define BL_NOTHING(s) ""
/* Pixel 3 first: where there are only three, pixel 2 hides it. */
#define BL_STORE(a, b, c, d)            \
  "strb %[" d                           \
  "], [%[pair0], %[taps1]]\n\t"         \
  "strb %[" c                           \
  "], [%[pair0], %[taps0], lsl #1]\n\t" \
  "strb %[" b                           \
  "], [%[pair0], %[taps0]]\n\t"         \
  "strb %[" a "], [%[pair0]], #1\n\t"
#define BL_CONV_PAIRS(away) \
  __asm__ volatile("4:\n\t" BL_FIRST_STEP BL_STEPS                                                    \
          "ldrd %[pair0], %[pair1], %[to]\n\t"                                               \
          BL_TO_BYTES(away, "s0", "s2", "s4", "s6") BL_TO_BYTES(away, "s1", "s3", "s5", "s7") \
          "ldrd %[taps0], %[taps1], %[steps]\n\t"                                            \
          "ldr %[patches], %[last_pair]\n\t"                                                 \
          BL_STORE("s0", "s2", "s4", "s6") BL_STORE("s1", "s3", "s5", "s7")                  \
          "str %[pair0], %[to]\n\t"                                                          \
          "cmp %[pair0], %[patches]\n\t"                                                     \
          "bls 4b"                                                                           \
          : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [s4] "=&r"(s4),  \
            [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7), [patches] "=&r"(patches),        \
            [filter] "+r"(filter), [taps0] "=&r"(taps0), [taps1] "=&r"(taps1),               \
            [pair0] "=&r"(pair0), [pair1] "=&r"(pair1), [to] "+m"(to)                        \
          : [start] "m"(start), [end] "m"(end), [skipped] "m"(skipped), [steps] "m"(store),  \
            [last_pair] "m"(last_pair)                                                       \
          : "cc", "memory")

/* All channels of four output pixels, two at a time: bytes to output, `stride` bytes from pixel to
 * pixel, the fourth pixel `last` bytes behind the first (2 * stride: there are only three).
 *
 * patches holds, step by step (`steps` >= 1), a pair of inputs for each of the four pixels. For two
 * channels, filter holds their biases; for each step a word, channel 0 in bytes 0 and 2, channel 1
 * in bytes 1 and 3; multiplier and scale of channel 0, of channel 1. If `channels` >= 2 is odd, the
 * last two channels are a pair again. `relu`, a constant: see bl_requantise_fast. In assembly,
 * because 14 values in 14 registers leave a compiler no room. */
BL_INLINE void bl_conv_pairs_4(const uint32_t *patches, int32_t steps, const uint32_t *filter,
                               int32_t channels, int32_t zero_point, int32_t last, int8_t *output,
                               int relu) {
  const uint32_t *const start = patches, *const end = patches + 4 * steps;
  int8_t *const last_pair = output + channels - 2;
  const int32_t skipped = steps > 1 ? (8 - (steps - 1) % 8) % 8 : 8;
  struct {
    int8_t *output;
    int32_t zero_point;
  } to = {output, zero_point};
  const struct {
    int32_t stride, last;
  } store = {channels, last};
  uint32_t s0, s1, s2, s3, s4, s5, s6, s7, taps0, taps1, pair0, pair1;
  for (;;) {
    if (relu) {
      BL_CONV_PAIRS(BL_NOTHING);
    } else {
      BL_CONV_PAIRS(BL_LESS_IF_NEGATIVE);
    }
    if (to.output != last_pair + 1) {
      return;
    }
    to.output = last_pair;
  }
}
#undef BL_TAPS
#undef BL_FIRST_STEP
#undef BL_STEP
#undef BL_STEPS
#undef BL_SCALE
#undef BL_LESS_IF_NEGATIVE
#undef BL_SHIFT
#undef BL_TO_BYTES
#undef BL_NOTHING
#undef BL_STORE
#undef BL_CONV_PAIRS

#else

BL_INLINE int32_t bl_bottom(uint32_t pair) {
  return (int16_t)(pair & 0xffff);
}

BL_INLINE int32_t bl_top(uint32_t pair) {
  return (int16_t)(pair >> 16);
}

BL_INLINE int32_t bl_wrapping_add(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

BL_INLINE int32_t bl_smlabb(uint32_t a, uint32_t b, int32_t sum) {
  return bl_wrapping_add(sum, bl_bottom(a) * bl_bottom(b));
}

BL_INLINE int32_t bl_smlabt(uint32_t a, uint32_t b, int32_t sum) {
  return bl_wrapping_add(sum, bl_bottom(a) * bl_top(b));
}

BL_INLINE int32_t bl_smlatt(uint32_t a, uint32_t b, int32_t sum) {
  return bl_wrapping_add(sum, bl_top(a) * bl_top(b));
}

BL_INLINE int32_t bl_smlad(uint32_t a, uint32_t b, int32_t sum) {
  return bl_wrapping_add(bl_smlabb(a, b, sum), bl_top(a) * bl_top(b));
}

BL_INLINE uint32_t bl_pair(int32_t bottom, int32_t top) {
  return ((uint32_t)bottom & 0xffff) | (uint32_t)top << 16;
}

BL_INLINE uint32_t bl_sxtb16(uint32_t bytes) {
  return bl_pair((int8_t)(bytes & 0xff), (int8_t)(bytes >> 16 & 0xff));
}

BL_INLINE uint32_t bl_sxtb16_odd(uint32_t bytes) {
  return bl_sxtb16(bytes >> 8);
}

BL_INLINE uint32_t bl_max_bytes(uint32_t a, uint32_t b) {
  uint32_t result = 0;
  for (int32_t shift = 0; shift < 32; shift += 8) {
    const int8_t x = (int8_t)(a >> shift & 0xff), y = (int8_t)(b >> shift & 0xff);
    result |= (uint32_t)(uint8_t)(x > y ? x : y) << shift;
  }
  return result;
}

BL_INLINE uint32_t bl_sxtab16(uint32_t pair, uint32_t bytes) {
  const uint32_t added = bl_sxtb16(bytes);
  return bl_pair(bl_bottom(pair) + bl_bottom(added), bl_top(pair) + bl_top(added));
}

BL_INLINE uint32_t bl_sxtab16_odd(uint32_t pair, uint32_t bytes) {
  return bl_sxtab16(pair, bytes >> 8);
}

BL_INLINE uint32_t bl_bottoms(uint32_t a, uint32_t b) {
  return (a & 0xffff) | b << 16;
}

BL_INLINE uint32_t bl_tops(uint32_t a, uint32_t b) {
  return a >> 16 | (b & 0xffff0000);
}

BL_INLINE int32_t bl_ssat8(int32_t x) {
  return x < INT8_MIN ? INT8_MIN : x > INT8_MAX ? INT8_MAX : x;
}

#define BL_SSAT8_SHIFTED(x, bits) bl_ssat8((x) >> (bits))

BL_INLINE int32_t bl_smmlar(int32_t x, int32_t y) {
  const uint64_t nudged = (uint64_t)((int64_t)x * y) + (UINT64_C(1) << 31);
  return bl_wrapping_add(x, (int32_t)(uint32_t)(nudged >> 32));
}

BL_INLINE int32_t bl_smmlsr(int32_t x, int32_t y, int32_t z) {
  const uint64_t nudged = (UINT64_C(1) << 31) - (uint64_t)((int64_t)y * z);
  return bl_wrapping_add(x, (int32_t)(uint32_t)(nudged >> 32));
}

#endif

/* One output channel, packed by the compiler (boardless.model.compiler.dsp). */
typedef struct {
  int32_t bias;       /* less input_zero_point * sum of the filter: inputs are used as they are */
  int32_t multiplier; /* twice bl_requantise's, less 2^32 */
  int32_t scale;      /* -2^(32 + shift) with bl_requantise's shift, -1 .. -31 */
} bl_channel;

/* bl_requantise(sum, ..) + output_zero_point, saturated to int8, in four instructions.
 *
 * With m in [2^30, 2^31), round(sum * m / 2^31) = sum + round(sum * (2m - 2^32) / 2^32): one
 * SMMLAR. Rounding away from zero is rounding upwards after taking 1 from a negative; then the
 * shift, its rounding and the zero point are one SMMLSR (of a negative power of two, because 2^31
 * is none that int32 has). The compiler has made sure that no sum overflows. `relu`, a constant:
 * three instructions, right if the activation cuts off all below the zero point, ties there
 * included. */
BL_INLINE int32_t bl_requantise_fast(int32_t sum, int32_t multiplier, int32_t scale,
                                     int32_t output_zero_point, int relu) {
  int32_t scaled = bl_smmlar(sum, multiplier);
  if (!relu) {
    scaled += scaled >> 31;
  }
  return bl_ssat8(bl_smmlsr(output_zero_point, scaled, scale));
}

#if !(defined(__ARM_FEATURE_DSP) && defined(__thumb2__))
BL_INLINE void bl_conv_pairs_4(const uint32_t *patches, int32_t steps, const uint32_t *filter,
                               int32_t channels, int32_t zero_point, int32_t last, int8_t *output,
                               int relu) {
  for (int32_t o = 0; o < channels; o += 2, filter += 2 + steps + 4) {
    int8_t *to = output + (o + 2 <= channels ? o : channels - 2);
    for (int32_t pixel = 3; pixel >= 0; pixel--) {
      const int32_t place = pixel == 3 ? last : pixel * channels;
      for (int32_t k = 0; k < 2; k++) {
        int32_t sum = (int32_t)filter[k];
        for (int32_t i = 0; i < steps; i++) {
          sum = bl_smlad(bl_sxtb16(filter[2 + i] >> 8 * k), patches[4 * i + pixel], sum);
        }
        const uint32_t *scaling = filter + 2 + steps + 2 * k;
        to[place + k] = (int8_t)bl_requantise_fast(sum, (int32_t)scaling[0], (int32_t)scaling[1],
                                                   zero_point, relu);
      }
    }
  }
}
#endif

/* Finds for each of `channels` adjacent channels the largest of `rows` times `columns` values. */
static inline void bl_dsp_largest(const int8_t *from, int32_t columns, int32_t column_step,
                                  int32_t rows, int32_t row_step, int32_t channels,
                                  int8_t *output) {
  int32_t c = 0;
  for (; c + 4 <= channels; c += 4, from += 4, output += 4) {
    uint32_t best = UINT32_C(0x80808080);
    const int8_t *row = from;
    for (int32_t left = rows; left > 0; left--, row += row_step) {
      const int8_t *at = row;
      for (int32_t k = columns; k > 0; k--, at += column_step) {
        best = bl_max_bytes(best, bl_load32(at));
      }
    }
    memcpy(output, &best, sizeof best);
  }
  for (; c < channels; c++, from++) {
    int8_t best = INT8_MIN;
    for (int32_t row = 0; row < rows; row++) {
      for (int32_t k = 0; k < columns; k++) {
        const int8_t value = from[row * row_step + k * column_step];
        best = value > best ? value : best;
      }
    }
    *output++ = best;
  }
}

/* Applies activations that are narrower than int8; call it on outputs that were just written. */
static inline void bl_clamp_bytes(int8_t *bytes, int32_t count, int32_t low, int32_t high) {
  for (int32_t i = 0; i < count; i++) {
    bytes[i] = (int8_t)(bytes[i] < low ? low : bytes[i] > high ? high : bytes[i]);
  }
}

#endif
