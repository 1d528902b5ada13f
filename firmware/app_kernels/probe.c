#include "probe.h"

#include <string.h>

#include "link.h"
#include "requantise.h"

bl_status bl_probe_doubling_high_mul(const bl_probe_requantise *p, const int32_t *x, int32_t *y) {
  for (int32_t i = 0; i < p->count; i++) {
    y[i] = bl_doubling_high_mul(x[i], p->multiplier);
  }
  return BL_OK;
}

bl_status bl_probe_doubling_high_mul_16(const bl_probe_requantise *p, const int32_t *x,
                                        int32_t *y) {
  for (int32_t i = 0; i < p->count; i++) {
    y[i] = bl_doubling_high_mul_16(x[i], p->multiplier);
  }
  return BL_OK;
}

bl_status bl_probe_rounding_shift_right(const bl_probe_requantise *p, const int32_t *x,
                                        int32_t *y) {
  for (int32_t i = 0; i < p->count; i++) {
    y[i] = bl_rounding_shift_right(x[i], p->shift);
  }
  return BL_OK;
}

bl_status bl_probe_requantise_twice(const bl_probe_requantise *p, const int32_t *x, int32_t *y) {
  for (int32_t i = 0; i < p->count; i++) {
    y[i] = bl_requantise(x[i], p->multiplier, p->shift);
  }
  return BL_OK;
}

bl_status bl_probe_requantise_once(const bl_probe_requantise *p, const int32_t *x, int32_t *y) {
  for (int32_t i = 0; i < p->count; i++) {
    y[i] = bl_requantise_once(x[i], p->multiplier, p->shift);
  }
  return BL_OK;
}

static void put_nowhere(char c) {
  (void)c;
}

bl_status bl_probe_link_feed(const bl_probe_link *p, const uint8_t *bytes, uint8_t *scratch,
                             uint32_t scratch_bytes, uint8_t *output) {
  bl_link link;
  int32_t commands = 0, expect_after = p->expect_after;
  uint8_t *texts = output + p->count;
  uint8_t *checked = texts + BL_PROBE_COMMANDS * (BL_COMMAND_MAX + 1);
  if (p->block_length > scratch_bytes) {
    return BL_BAD_ARGUMENT;
  }
  bl_link_init(&link, put_nowhere);
  memset(texts, 0, BL_PROBE_COMMANDS * (BL_COMMAND_MAX + 2));
  for (int32_t i = 0; i < p->count; i++) {
    if (commands == expect_after) {
      bl_link_expect_block(&link, scratch, p->block_length, p->block_crc);
      expect_after = -1;
    }
    output[i] = (uint8_t)bl_link_feed(&link, bytes[i]);
    if (output[i] == BL_LINK_COMMAND && commands < BL_PROBE_COMMANDS) {
      memcpy(texts + commands * (BL_COMMAND_MAX + 1), link.command, strlen(link.command));
      checked[commands++] = (uint8_t)link.checked;
    }
  }
  return BL_OK;
}

bl_status bl_probe_stray_access(const bl_probe_stray *p, const int8_t *input, int8_t *output) {
  volatile int32_t sum = INT32_MAX;
  sum = sum + p->add_to_max;
  output[p->write_at] = (int8_t)(input[p->read_at] + 1);
  return BL_OK;
}
