/* Shared by _mve variants: Helium, the vector extension of Cortex-M55 and M85. They have no plain
 * C form and are tested on the emulated core. Loops over bytes are assembly, because GCC 12 makes
 * no tail-predicated loops and moves predicates through core registers. */
#ifndef BL_MVE_H
#define BL_MVE_H

#include <arm_mve.h>
#include <stdint.h>

enum { BL_MVE_HEAD = 12 }; /* words in front of the rows of four outputs */

/* Copies `bytes` bytes; returns the end of the copy. */
static inline int8_t *bl_mve_copy(int8_t *to, const int8_t *from, int32_t bytes) {
  int8_t *const end = to + bytes;
  __asm volatile(
      "wlstp.8 lr, %[bytes], 2f\n"
      "1:\n\t"
      "vldrb.8 q0, [%[from]], #16\n\t"
      "vstrb.8 q0, [%[to]], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : [to] "+r"(to), [from] "+r"(from)
      : [bytes] "r"(bytes)
      : "q0", "lr", "memory");
  return end;
}

/* Writes a value `bytes` times. */
static inline void bl_mve_fill(int8_t *to, int8_t value, int32_t bytes) {
  const int8x16_t values = vdupq_n_s8(value);
  __asm volatile(
      "wlstp.8 lr, %[bytes], 2f\n"
      "1:\n\t"
      "vstrb.8 %q[values], [%[to]], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : [to] "+r"(to)
      : [values] "w"(values), [bytes] "r"(bytes)
      : "lr", "memory");
}

/* Copies `rows` rows of 1 to 16 bytes, which lie `step` bytes apart, to `pitch` bytes apart. */
static inline void bl_mve_copy_rows(int8_t *to, const int8_t *from, int32_t rows, int32_t step,
                                    int32_t pitch, int32_t bytes) {
  __asm volatile(
      "vctp.8 %[bytes]\n\t"
      "dls lr, %[rows]\n"
      "1:\n\t"
      "vpstt\n\t"
      "vldrbt.8 q0, [%[from]]\n\t"
      "vstrbt.8 q0, [%[to]]\n\t"
      "add %[from], %[step]\n\t"
      "add %[to], %[pitch]\n\t"
      "le lr, 1b"
      : [to] "+r"(to), [from] "+r"(from)
      : [rows] "r"(rows), [step] "r"(step), [pitch] "r"(pitch), [bytes] "r"(bytes)
      : "q0", "lr", "memory");
}

/* Copies `count` vectors of 16 bytes to `pitch` bytes apart; returns where the next one goes. */
static inline int8_t *bl_mve_copy_vectors(int8_t *to, const int8_t *from, int32_t count,
                                          int32_t pitch) {
  __asm volatile(
      "dls lr, %[count]\n"
      "1:\n\t"
      "vldrb.8 q0, [%[from]], #16\n\t"
      "vstrb.8 q0, [%[to]]\n\t"
      "add %[to], %[pitch]\n\t"
      "le lr, 1b"
      : [to] "+r"(to), [from] "+r"(from)
      : [count] "r"(count), [pitch] "r"(pitch)
      : "q0", "lr", "memory");
  return to;
}

/* Four sums that start from `start`: inputs times four rows, which lie `step` bytes apart. */
static inline int32x4_t bl_mve_dots(const int8_t *inputs, const int8_t *row_a, int32_t step,
                                    int32_t bytes, const int32_t *start) {
  const int8_t *row_b = row_a + step, *row_c = row_b + step, *row_d = row_c + step;
  int32_t a = start[0], b = start[1], c = start[2], d = start[3];
  int32x4_t sums;
  __asm volatile(
      "dlstp.8 lr, %[bytes]\n"
      "1:\n\t"
      "vldrb.8 q0, [%[inputs]], #16\n\t"
      "vldrb.8 q1, [%[row_a]], #16\n\t"
      "vmladava.s8 %[a], q0, q1\n\t"
      "vldrb.8 q2, [%[row_b]], #16\n\t"
      "vmladava.s8 %[b], q0, q2\n\t"
      "vldrb.8 q1, [%[row_c]], #16\n\t"
      "vmladava.s8 %[c], q0, q1\n\t"
      "vldrb.8 q2, [%[row_d]], #16\n\t"
      "vmladava.s8 %[d], q0, q2\n\t"
      "letp lr, 1b\n\t"
      "vmov %q[sums][2], %q[sums][0], %[a], %[c]\n\t"
      "vmov %q[sums][3], %q[sums][1], %[b], %[d]"
      : [sums] "=&w"(sums), [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d),
        [inputs] "+&r"(inputs), [row_a] "+&r"(row_a), [row_b] "+&r"(row_b), [row_c] "+&r"(row_c),
        [row_d] "+&r"(row_d)
      : [bytes] "r"(bytes)
      : "q0", "q1", "q2", "lr", "memory");
  return sums;
}

/* The same for four rows that lie together: `vectors` times 16 bytes of each by turns, then the
 * `rest` (less than 16) of one behind that of the other. */
static inline int32x4_t bl_mve_quad(const int8_t *inputs, const int8_t *rows, int32_t vectors,
                                    int32_t rest, const int32_t *start) {
  int32_t a = start[0], b = start[1], c = start[2], d = start[3];
  int32x4_t sums;
  __asm volatile(
      "wls lr, %[vectors], 2f\n"
      "1:\n\t"
      "vldrb.8 q0, [%[inputs]], #16\n\t"
      "vldrb.8 q1, [%[rows]], #16\n\t"
      "vmladava.s8 %[a], q0, q1\n\t"
      "vldrb.8 q2, [%[rows]], #16\n\t"
      "vmladava.s8 %[b], q0, q2\n\t"
      "vldrb.8 q1, [%[rows]], #16\n\t"
      "vmladava.s8 %[c], q0, q1\n\t"
      "vldrb.8 q2, [%[rows]], #16\n\t"
      "vmladava.s8 %[d], q0, q2\n\t"
      "le lr, 1b\n"
      "2:\n\t"
      "cmp %[rest], #0\n\t"
      "beq 3f\n\t"
      "vctp.8 %[rest]\n\t"
      "vpstt\n\t"
      "vldrbt.8 q0, [%[inputs]]\n\t"
      "vldrbt.8 q1, [%[rows]]\n\t"
      "vmladava.s8 %[a], q0, q1\n\t"
      "add %[rows], %[rest]\n\t"
      "vpst\n\t"
      "vldrbt.8 q2, [%[rows]]\n\t"
      "vmladava.s8 %[b], q0, q2\n\t"
      "add %[rows], %[rest]\n\t"
      "vpst\n\t"
      "vldrbt.8 q1, [%[rows]]\n\t"
      "vmladava.s8 %[c], q0, q1\n\t"
      "add %[rows], %[rest]\n\t"
      "vpst\n\t"
      "vldrbt.8 q2, [%[rows]]\n\t"
      "vmladava.s8 %[d], q0, q2\n"
      "3:\n\t"
      "vmov %q[sums][2], %q[sums][0], %[a], %[c]\n\t"
      "vmov %q[sums][3], %q[sums][1], %[b], %[d]"
      : [sums] "=&w"(sums), [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d),
        [inputs] "+&r"(inputs), [rows] "+&r"(rows)
      : [vectors] "r"(vectors), [rest] "r"(rest)
      : "q0", "q1", "q2", "lr", "cc", "memory");
  return sums;
}

/* Sums of four channels, which lie 4 bytes apart: four words, `columns` bytes behind the channel's
 * first byte, times 16 taps. */
static inline int32x4_t bl_mve_four_dots(const int8_t *from, uint32x4_t columns, int8x16_t taps_a,
                                         int8x16_t taps_b, int8x16_t taps_c, int8x16_t taps_d) {
  const int8_t *from_b = from + 4, *from_c = from + 8, *from_d = from + 12;
  int32_t a, b, c, d;
  int32x4_t sums;
  __asm volatile(
      "vldrw.u32 q0, [%[from], %q[columns]]\n\t"
      "vmladav.s8 %[a], q0, %q[taps_a]\n\t"
      "vldrw.u32 q0, [%[from_b], %q[columns]]\n\t"
      "vmladav.s8 %[b], q0, %q[taps_b]\n\t"
      "vldrw.u32 q0, [%[from_c], %q[columns]]\n\t"
      "vmladav.s8 %[c], q0, %q[taps_c]\n\t"
      "vldrw.u32 q0, [%[from_d], %q[columns]]\n\t"
      "vmladav.s8 %[d], q0, %q[taps_d]\n\t"
      "vmov q0[2], q0[0], %[a], %[c]\n\t"
      "vmov q0[3], q0[1], %[b], %[d]\n\t"
      "vmov %q[sums], q0"
      : [sums] "=w"(sums), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), [d] "=&Te"(d)
      : [from] "r"(from), [from_b] "r"(from_b), [from_c] "r"(from_c), [from_d] "r"(from_d),
        [columns] "w"(columns), [taps_a] "w"(taps_a), [taps_b] "w"(taps_b), [taps_c] "w"(taps_c),
        [taps_d] "w"(taps_d)
      : "q0", "memory");
  return sums;
}

/* bl_requantise of four sums for shifts <= 0, then zero point and bounds. The multiplication rounds
 * ties upwards; the shift rounds them away from zero, so a negative value loses 1 first. `relu`, a
 * constant: the lower bound is not below the zero point, so negative values do not matter. */
static inline int32x4_t bl_mve_requantise(int32x4_t x, int32x4_t multiplier, int32x4_t shift,
                                          int32_t zero_point, int32x4_t min, int32x4_t max,
                                          int relu) {
  x = vqrdmulhq_s32(x, multiplier);
  if (!relu) {
    x = vqaddq_s32(x, vshrq_n_s32(vandq_s32(x, shift), 31));
  }
  x = vaddq_n_s32(vrshlq_s32(x, shift), zero_point);
  return vminq_s32(vmaxq_s32(x, min), max);
}

/* bl_requantise of four values for one shift <= 0; `away` is 1 where there is a shift at all. */
static inline int32x4_t bl_mve_scale(int32x4_t x, int32_t multiplier, int32x4_t shift,
                                     int32_t away) {
  x = vqrdmulhq_n_s32(x, multiplier);
  return vrshlq_s32(vmlaq_n_s32(x, vshrq_n_s32(x, 31), away), shift);
}

/* Four int8, or one of them four times; `step`, 0 or 1, is a constant. */
static inline int32x4_t bl_mve_load(const int8_t *from, int32_t step, mve_pred16_t lanes) {
  return step ? vldrbq_z_s32(from, lanes) : vdupq_n_s32(*from);
}

/* Finds for each of `channels` adjacent channels the largest of `rows` times `columns` values. */
static inline void bl_mve_largest(const int8_t *from, int32_t columns, int32_t column_step,
                                  int32_t rows, int32_t row_step, int32_t channels, int8_t min,
                                  int8_t max, int8_t *output) {
  for (; channels > 0; channels -= 16, from += 16, output += 16) {
    const mve_pred16_t lanes = vctp8q((uint32_t)channels);
    int8x16_t best = vdupq_n_s8(min);
    const int8_t *row = from;
    for (int32_t left = rows; left > 0; left--, row += row_step) {
      const int8_t *at = row;
      for (int32_t k = columns; k > 0; k--, at += column_step) {
        best = vmaxq_s8(best, vldrbq_z_s8(at, lanes));
      }
    }
    vstrbq_p_s8(output, vminq_s8(best, vdupq_n_s8(max)), lanes);
  }
}

#endif
