/* Eight channels at a time; four where there are no more, or sums need more than 16 bits. */
#include "means.h"
#include "mve.h"

enum { MOST_VALUES = 256 }; /* of int8, whose sum fits 16 bits */

/* What the outputs of a window have in common. */
typedef struct {
  int32x4_t min, max, ties;
  uint32x4_t reciprocal;
  int32_t start;
} scaling;

static inline int32x4_t mean_of(const scaling *s, int32x4_t sums) {
  const int32x4_t rounded = vaddq_s32(sums, vandq_s32(vshrq_n_s32(sums, 31), s->ties));
  const int32x4_t twice = vshlq_n_s32(vaddq_n_s32(rounded, s->start), 1);
  const uint32x4_t quotients = vmulhq_u32(vreinterpretq_u32_s32(twice), s->reciprocal);
  const int32x4_t means = vsubq_n_s32(vreinterpretq_s32_u32(quotients), 128);
  return vminq_s32(vmaxq_s32(means, s->min), s->max);
}

/* Sums of up to eight channels over rows of a window. */
static inline int16x8_t sums_of(const int8_t *row, int32_t columns, int32_t column_step,
                                int32_t rows, int32_t row_step, int32_t channels) {
  int16x8_t sums = vdupq_n_s16(0);
  for (; rows > 0; rows--, row += row_step) {
    const int8_t *at = row;
    __asm volatile(
        "vctp.16 %[channels]\n\t"
        "dls lr, %[columns]\n"
        "1:\n\t"
        "vpst\n\t"
        "vldrbt.s16 q0, [%[at]]\n\t"
        "add %[at], %[step]\n\t"
        "vadd.i16 %q[sums], %q[sums], q0\n\t"
        "le lr, 1b"
        : [at] "+l"(at), [sums] "+w"(sums)
        : [columns] "r"(columns), [step] "r"(column_step), [channels] "r"(channels)
        : "q0", "lr", "memory");
  }
  return sums;
}

static void pixel(const bl_average_pool_2d_s8 *p, const bl_mean_of *mean, const int8_t *from,
                  int32_t columns, int32_t column_step, int32_t rows, int32_t row_step,
                  int8_t *output) {
  const scaling s = {.min = vdupq_n_s32(p->activation_min),
                     .max = vdupq_n_s32(p->activation_max),
                     .ties = vdupq_n_s32(mean->ties),
                     .reciprocal = vdupq_n_u32(mean->reciprocal),
                     .start = mean->start};
  const int32_t channels = p->window.output_c;
  if (channels > 4 && columns * rows <= MOST_VALUES) {
    for (int32_t c = 0; c < channels; c += 8) {
      const int32_t left = channels - c;
      const int16x8_t sums = sums_of(from + c, columns, column_step, rows, row_step, left);
      int16x8_t means = vmovnbq_s32(sums, mean_of(&s, vmovlbq_s16(sums)));
      means = vmovntq_s32(means, mean_of(&s, vmovltq_s16(sums)));
      vstrbq_p_s16(output + c, means, vctp16q((uint32_t)left));
    }
    return;
  }
  for (int32_t c = 0; c < channels; c += 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(channels - c));
    int32x4_t sums = vdupq_n_s32(0);
    const int8_t *row = from + c;
    for (int32_t left = rows; left > 0; left--, row += row_step) {
      const int8_t *at = row;
      for (int32_t k = columns; k > 0; k--, at += column_step) {
        sums = vaddq_s32(sums, vldrbq_z_s32(at, lanes));
      }
    }
    vstrbq_p_s32(output + c, mean_of(&s, sums), lanes);
  }
}

bl_status bl_average_pool_2d_s8_mve(const bl_average_pool_2d_s8 *p, const int8_t *input,
                                    int8_t *output) {
  return bl_average_windows(p, input, output, pixel);
}
