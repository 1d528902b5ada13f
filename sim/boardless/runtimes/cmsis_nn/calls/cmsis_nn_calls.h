/* What the calls of CMSIS-NN share. Each is a function bl_cmsis_KERNEL with the parameters of
 * boardless's bl_KERNEL_ref, and gives the same bits. */
#ifndef BL_CMSIS_NN_CALLS_H
#define BL_CMSIS_NN_CALLS_H

#include <stddef.h>

#include "arm_nnfunctions.h"
#include "kernel.h"

/* The buffer that all calls of a model use, one after another. Where it is not known yet how large
 * it must be, a call only says what it needs. */
extern uint8_t bl_cmsis_buffer[];
extern int32_t bl_cmsis_needed;

#ifdef BL_CMSIS_ASKS
#define BL_CMSIS_NEEDS(size)                                             \
  do {                                                                   \
    const int32_t needs = (size);                                        \
    bl_cmsis_needed = needs > bl_cmsis_needed ? needs : bl_cmsis_needed; \
    return BL_OK;                                                        \
  } while (0)
#else
#define BL_CMSIS_NEEDS(size) ((void)0)
#endif

#define BL_CMSIS_STATUS(call) ((call) == ARM_CMSIS_NN_SUCCESS ? BL_OK : BL_BAD_ARGUMENT)

static inline cmsis_nn_tile bl_cmsis_tile(int32_t h, int32_t w) {
  const cmsis_nn_tile tile = {.w = w, .h = h};
  return tile;
}

static inline cmsis_nn_dims bl_cmsis_dims(int32_t n, int32_t h, int32_t w, int32_t c) {
  const cmsis_nn_dims dims = {.n = n, .h = h, .w = w, .c = c};
  return dims;
}

#endif
