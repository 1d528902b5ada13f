/* Runs records from standard input on the host, under the address and undefined-behaviour
 * sanitizers: while a kernel runs, only the record's blocks may be touched. Each record goes back
 * to standard output as the kernel has left it.
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

#include "record.h"

/* Shuts or opens everything behind the head that is in no block; blocks come in order. */
static void guards(uint8_t *base, void (*mark)(void const volatile *, size_t)) {
  const uint32_t *words = (const uint32_t *)(const void *)base;
  const uint32_t *pairs = words + RECORD_HEAD + words[RECORD_ARGUMENTS];
  const uint32_t count = words[RECORD_BLOCKS];
  const uint32_t bytes = words[RECORD_BYTES];
  uint32_t end = (uint32_t)((const uint8_t *)(pairs + 2 * count) - base);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t next = pairs[2 * i + 1];
    mark(base + end, pairs[2 * i] - end);
    end = next;
  }
  mark(base + end, bytes - end);
}

static int run(uint32_t bytes) {
  uint8_t *base = aligned_alloc(16, bytes);
  if (!base || fread(base + 4, 1, bytes - 4, stdin) != bytes - 4) {
    return 0;
  }
  ((uint32_t *)(void *)base)[RECORD_BYTES] = bytes;
  guards(base, __asan_poison_memory_region);
  const int known = bl_record_run(base);
  __asan_unpoison_memory_region(base, bytes);
  const int sent = fwrite(base, 1, bytes, stdout) == bytes && fflush(stdout) == 0;
  free(base);
  return known && sent;
}

int main(void) {
  uint32_t bytes;
  while (fread(&bytes, 1, sizeof bytes, stdin) == sizeof bytes) {
    if (bytes % 16 || bytes < 4 * RECORD_HEAD || !run(bytes)) {
      return 1;
    }
  }
  return 0;
}
