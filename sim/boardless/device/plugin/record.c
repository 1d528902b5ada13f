/* Buffered output with a checksum; a full disk ends the emulator with one line. */
#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_FAILED 86

static int out = -1;
static uint8_t buffer[1 << 16];
static size_t buffered;
static uint32_t crc = UINT32_MAX;
static uint32_t crc_table[256];

_Noreturn void bl_fail(const char *what, const char *why) {
  fprintf(stderr, "boardless counter: %s%s%s\n", what, why ? ": " : "", why ? why : "");
  fflush(stderr);
  _exit(EXIT_FAILED);
}

void bl_record_open(int file) {
  out = file;
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) {
      value = value & 1 ? value >> 1 ^ UINT32_C(0xEDB88320) : value >> 1;
    }
    crc_table[i] = value;
  }
}

void bl_record_flush(void) {
  for (size_t done = 0; done < buffered;) {
    const ssize_t count = write(out, buffer + done, buffered - done);
    if (count < 0 && errno != EINTR) {
      bl_fail("cannot write the counts", strerror(errno));
    }
    done += count > 0 ? (size_t)count : 0;
  }
  buffered = 0;
}

void bl_record_bytes(const void *bytes, size_t count) {
  const uint8_t *from = bytes;
  for (size_t i = 0; i < count; i++) {
    if (buffered == sizeof buffer) {
      bl_record_flush();
    }
    crc = crc >> 8 ^ crc_table[(crc ^ from[i]) & 0xFF];
    buffer[buffered++] = from[i];
  }
}

void bl_record_u32(uint32_t value) {
  bl_record_bytes(&value, sizeof value);
}

void bl_record_begin(const char *kind, size_t bytes) {
  if (bytes > UINT32_MAX) {
    bl_fail("more than 4 GiB of counts in one record", NULL);
  }
  bl_record_bytes(kind, 4);
  bl_record_u32((uint32_t)bytes);
}

uint32_t bl_record_crc(void) {
  return ~crc;
}
