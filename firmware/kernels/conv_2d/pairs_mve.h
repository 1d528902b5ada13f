/* Four output channels of many pixels whose patches lie `step` bytes apart. Two pixels at a time,
 * so that six loads feed eight products: eight sums take all core registers with even numbers, and
 * what is left is too little for a compiler. */
#ifndef BL_PAIRS_MVE_H
#define BL_PAIRS_MVE_H

#include "mve.h"

/* The assembly below knows where each of them lies: 4 bytes each. `taps` begins behind the biases,
 * multipliers and shifts of the four channels. A patch has 16 bytes `halves` - 1 times, at
 * least once, and `rest` more. */
typedef struct {
  const int8_t *from;
  int32_t step;
  const int8_t *taps;
  int32_t halves, rest; /* of rounds of a loop; bytes */
  int8_t *output, *end; /* of the channels in the first pixel, and behind the last */
  int32_t next, zero_point;
  int32_t min[4], max[4];
  int32_t quads, apart; /* groups of four channels, and their distance in bytes */
  int8_t *first;        /* as output */
} bl_four_channels;

/* Takes 1 from negative values that are shifted, see bl_mve_requantise. */
#define BL_AWAY_FROM_ZERO(values, shift) \
  "vand q3, " values ", " shift          \
  "\n\t"                                 \
  "vshr.s32 q3, q3, #31\n\t"             \
  "vqadd.s32 " values ", " values ", q3\n\t"

/* 16 inputs of two pixels. Loads and products alternate, so that they overlap; the first taps are
 * loaded before, and the next ones in the end. */
#define BL_PAIR_OF_16(between)          \
  "vldrb.8 q0, [r1], #16\n\t"           \
  "vmladava.s8 r0, q0, q2\n\t"          \
  "vldrb.8 q1, [r3], #16\n\t"           \
  "vmladava.s8 r8, q1, q2\n\t"          \
  "vldrb.8 q3, [r5], #16\n\t"           \
  "vmladava.s8 r2, q0, q3\n\t"          \
  "vldrb.8 q2, [r5], #16\n\t"           \
  "vmladava.s8 r10, q1, q3\n\t" between \
  "vmladava.s8 r4, q0, q2\n\t"          \
  "vldrb.8 q3, [r5], #16\n\t"           \
  "vmladava.s8 r12, q1, q2\n\t"         \
  "vmladava.s8 r6, q0, q3\n\t"          \
  "vldrb.8 q2, [r5], #16\n\t"           \
  "vmladava.s8 lr, q1, q3\n\t"

#define BL_REST_OF_PAIR(first, second) \
  "vldrb.8 q2, [r5]\n\t"               \
  "vmladava.s8 " first                 \
  ", q0, q2\n\t"                       \
  "add r5, r7\n\t"                     \
  "vmladava.s8 " second ", q1, q2\n\t"

#define BL_PAIRS(first_away, second_away) \
  __asm volatile(                                 \
      "push {r4-r11, lr}\n\t"                     \
      "vpush {d8-d15}\n\t"                        \
      "mov r9, r0\n"                              \
      "0:\n\t" /* the next four channels */       \
      "ldr r11, [r9]\n\t"                         \
      "ldr r5, [r9, #8]\n\t"                      \
      "vldrw.32 q5, [r5, #-32]\n\t"               \
      "vldrw.32 q6, [r5, #-16]\n\t"               \
      "vldrw.32 q4, [r9, #52]\n\t"                \
      "vldrw.32 q7, [r9, #36]\n"                  \
      "1:\n\t" /* the next two pixels */          \
      "ldr r5, [r9, #8]\n\t"                      \
      "ldr r7, [r9, #4]\n\t"                      \
      "mov r1, r11\n\t"                           \
      "vldrb.8 q2, [r5], #16\n\t"                 \
      "add r3, r11, r7\n\t"                       \
      "add r11, r3, r7\n\t"                       \
      "ldrd r0, r2, [r5, #-64]\n\t"               \
      "ldr r7, [r9, #12]\n\t"                     \
      "ldrd r4, r6, [r5, #-56]\n\t"               \
      "lsrs r7, r7, #1\n\t"                       \
      "mov r8, r0\n\t"                            \
      "mov r10, r2\n\t"                           \
      "mov r12, r4\n\t"                           \
      "mov lr, r6\n\t"                            \
      "bcc 3f\n" /* to the second half */         \
      "2:\n\t"                                    \
      BL_PAIR_OF_16("")                           \
      "3:\n\t"                                    \
      BL_PAIR_OF_16("subs r7, #1\n\t")            \
      "bne 2b\n\t"                                \
      "ldr r7, [r9, #16]\n\t"                     \
      "cbz r7, 5f\n\t"                            \
      "vctp.8 r7\n\t"                             \
      "sub r5, #16\n\t"                           \
      "vpstt\n\t"                                 \
      "vldrbt.8 q0, [r1]\n\t"                     \
      "vldrbt.8 q1, [r3]\n\t"                     \
      BL_REST_OF_PAIR("r0", "r8")                 \
      BL_REST_OF_PAIR("r2", "r10")                \
      BL_REST_OF_PAIR("r4", "r12")                \
      BL_REST_OF_PAIR("r6", "lr")                 \
      "5:\n\t"                                    \
      "vmov q0[2], q0[0], r0, r4\n\t"             \
      "vmov q0[3], q0[1], r2, r6\n\t"             \
      "vqrdmulh.s32 q0, q0, q5\n\t"               \
      "vmov q1[2], q1[0], r8, r12\n\t"            \
      "vmov q1[3], q1[1], r10, lr\n\t"            \
      "vqrdmulh.s32 q1, q1, q5\n\t"               \
      first_away                                  \
      "vrshl.s32 q0, q0, q6\n\t"                  \
      "ldr r7, [r9, #32]\n\t"                     \
      "ldrd r1, r5, [r9, #20]\n\t"                \
      "ldr r3, [r9, #28]\n\t"                     \
      "vadd.i32 q0, q0, r7\n\t"                   \
      "vmax.s32 q0, q0, q7\n\t"                   \
      "vmin.s32 q0, q0, q4\n\t"                   \
      "vstrb.32 q0, [r1]\n\t"                     \
      second_away                                 \
      "vrshl.s32 q1, q1, q6\n\t"                  \
      "add r1, r3\n\t"                            \
      "vadd.i32 q1, q1, r7\n\t"                   \
      "vmax.s32 q1, q1, q7\n\t"                   \
      "vmin.s32 q1, q1, q4\n\t"                   \
      "vstrb.32 q1, [r1]\n\t"                     \
      "add r1, r3\n\t"                            \
      "str r1, [r9, #20]\n\t"                     \
      "cmp r1, r5\n\t"                            \
      "bne 1b\n\t"                                \
      "ldrd r0, r2, [r9, #68]\n\t"                \
      "subs r0, #1\n\t"                           \
      "beq 6f\n\t"                                \
      "str r0, [r9, #68]\n\t"                     \
      "ldr r1, [r9, #8]\n\t"                      \
      "add r1, r2\n\t"                            \
      "str r1, [r9, #8]\n\t"                      \
      "ldr r1, [r9, #76]\n\t"                     \
      "adds r1, #4\n\t"                           \
      "adds r5, #4\n\t"                           \
      "str r1, [r9, #76]\n\t"                     \
      "strd r1, r5, [r9, #20]\n\t"                \
      "b 0b\n"                                    \
      "6:\n\t"                                    \
      "vpop {d8-d15}\n\t"                         \
      "pop {r4-r11, pc}")

/* Pixels of at most 16 inputs each: the taps stay in registers. */
#define BL_SMALL(away_from_zero)                   \
  __asm volatile(                                  \
      "push {r4-r11, lr}\n\t"                      \
      "vpush {d8-d15}\n\t"                         \
      "mov r11, r0\n\t"                            \
      "mov r12, r1\n\t"                            \
      "ldrd r1, r3, [r11]\n\t"                     \
      "ldr r9, [r11, #8]\n\t"                      \
      "vldrw.32 q1, [r9, #-32]\n\t"                \
      "vldrw.32 q2, [r9, #-16]\n\t"                \
      "ldr r7, [r11, #16]\n\t"                     \
      "vctp.8 r7\n\t"                              \
      "mov r5, r9\n\t"                             \
      "vpst\n\t"                                   \
      "vldrbt.8 q4, [r5]\n\t"                      \
      "add r5, r7\n\t"                             \
      "vpst\n\t"                                   \
      "vldrbt.8 q5, [r5]\n\t"                      \
      "add r5, r7\n\t"                             \
      "vpst\n\t"                                   \
      "vldrbt.8 q6, [r5]\n\t"                      \
      "add r5, r7\n\t"                             \
      "vpst\n\t"                                   \
      "vldrbt.8 q7, [r5]\n\t"                      \
      "ldr r5, [r11, #20]\n\t"                     \
      "ldrd r7, r10, [r11, #28]\n\t"               \
      "dls lr, r12\n"                              \
      "1:\n\t"                                     \
      "vpst\n\t"                                   \
      "vldrbt.8 q0, [r1]\n\t"                      \
      "vmladav.s8 r0, q0, q4\n\t"                  \
      "vmladav.s8 r2, q0, q5\n\t"                  \
      "vmladav.s8 r4, q0, q6\n\t"                  \
      "vldrw.32 q3, [r9, #-48]\n\t"                \
      "vmladav.s8 r6, q0, q7\n\t"                  \
      "add r1, r3\n\t"                             \
      "vmov q0[2], q0[0], r0, r4\n\t"              \
      "vmov q0[3], q0[1], r2, r6\n\t"              \
      "vadd.i32 q0, q0, q3\n\t"                    \
      "vqrdmulh.s32 q0, q0, q1\n\t" away_from_zero \
      "vldrw.32 q3, [r11, #36]\n\t"                \
      "vrshl.s32 q0, q0, q2\n\t"                   \
      "vadd.i32 q0, q0, r10\n\t"                   \
      "vmax.s32 q0, q0, q3\n\t"                    \
      "vldrw.32 q3, [r11, #52]\n\t"                \
      "vmin.s32 q0, q0, q3\n\t"                    \
      "vstrb.32 q0, [r5]\n\t"                      \
      "add r5, r7\n\t"                             \
      "le lr, 1b\n\t"                              \
      "vpop {d8-d15}\n\t"                          \
      "pop {r4-r11, pc}")

/* An even number of pixels, at least two. */
static __attribute__((naked, noinline)) void bl_mve_pairs(bl_four_channels *four) {
  (void)four;
  BL_PAIRS(BL_AWAY_FROM_ZERO("q0", "q6"), BL_AWAY_FROM_ZERO("q1", "q6"));
}

/* Does the same where the lower bound is not below the zero point. */
static __attribute__((naked, noinline)) void bl_mve_pairs_relu(bl_four_channels *four) {
  (void)four;
  BL_PAIRS("", "");
}

/* `count` pixels of at most 16 inputs; rest is how many, `end` is not read. */
static __attribute__((naked, noinline)) void bl_mve_small(bl_four_channels *four, int32_t count) {
  (void)four, (void)count;
  BL_SMALL(BL_AWAY_FROM_ZERO("q0", "q2"));
}

static __attribute__((naked, noinline)) void bl_mve_small_relu(bl_four_channels *four,
                                                               int32_t count) {
  (void)four, (void)count;
  BL_SMALL("");
}

#undef BL_AWAY_FROM_ZERO
#undef BL_PAIR_OF_16
#undef BL_REST_OF_PAIR
#undef BL_PAIRS
#undef BL_SMALL

#endif
