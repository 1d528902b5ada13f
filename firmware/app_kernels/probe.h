/* Functions that are no kernels, in a kernel's form, so that tests can call them through records.
 */
#ifndef BL_PROBE_H
#define BL_PROBE_H

#include "kernel.h"

typedef struct {
  int32_t count;
  int32_t multiplier, shift; /* see requantise.h; the right shift takes its exponent from shift */
} bl_probe_requantise;

bl_status bl_probe_doubling_high_mul(const bl_probe_requantise *p, const int32_t *x, int32_t *y);
/* Does so by products of 16 bits, as cores without a product of 64 bits do. */
bl_status bl_probe_doubling_high_mul_16(const bl_probe_requantise *p, const int32_t *x, int32_t *y);
bl_status bl_probe_rounding_shift_right(const bl_probe_requantise *p, const int32_t *x, int32_t *y);
bl_status bl_probe_requantise_twice(const bl_probe_requantise *p, const int32_t *x, int32_t *y);
bl_status bl_probe_requantise_once(const bl_probe_requantise *p, const int32_t *x, int32_t *y);

#define BL_PROBE_COMMANDS 8

typedef struct {
  int32_t count;        /* bytes that come over the line */
  int32_t expect_after; /* commands, after which a block is expected; < 0: never */
  uint32_t block_length, block_crc;
} bl_probe_link;

/* Feeds the bytes to a fresh bl_link, which writes the block into `scratch`. The output has a
 * bl_link_event for each byte, then the first BL_PROBE_COMMANDS commands of BL_COMMAND_MAX + 1
 * bytes each, zero-terminated, then for each of them whether it carried a checksum. */
bl_status bl_probe_link_feed(const bl_probe_link *p, const uint8_t *bytes, uint8_t *scratch,
                             uint32_t scratch_bytes, uint8_t *output);

typedef struct {
  int32_t read_at, write_at; /* bytes from the start of input and output; may lie outside */
  int32_t add_to_max;        /* added to INT32_MAX: overflows where > 0 */
} bl_probe_stray;

/* Does what no kernel may do, so that tests show that the runner catches it. */
bl_status bl_probe_stray_access(const bl_probe_stray *p, const int8_t *input, int8_t *output);

#endif
