/* The byte loops of a C library that was built for size (-Os), as the measured programs were linked
 * with one. Fast versions would execute half of the instructions of the real thing. */
#include <stddef.h>

/* The same loop, not a call of the function that it is in. */
#define KEEP_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))

KEEP_LOOP void *memset(void *to, int value, size_t bytes) {
  char *at = to;
  while (bytes--) {
    *at++ = (char)value;
  }
  return to;
}

KEEP_LOOP void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  char *at = to;
  const char *source = from;
  while (bytes--) {
    *at++ = *source++;
  }
  return to;
}

KEEP_LOOP void *memmove(void *to, const void *from, size_t bytes) {
  char *at = to;
  const char *source = from;
  if (source < at && at < source + bytes) {
    source += bytes;
    at += bytes;
    while (bytes--) {
      *--at = *--source;
    }
  } else {
    while (bytes--) {
      *at++ = *source++;
    }
  }
  return to;
}

KEEP_LOOP size_t strlen(const char *text) {
  const char *end = text;
  while (*end++) {
  }
  return (size_t)(end - text) - 1;
}
