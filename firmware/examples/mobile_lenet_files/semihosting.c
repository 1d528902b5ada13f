/* files.h by Arm's semihosting: the files are those of the machine that emulates, or debugs. */
#include <string.h>

#include "files.h"

enum { SYS_OPEN = 1, SYS_CLOSE = 2, SYS_READ = 6, SYS_FLEN = 0x0C };
enum { READ_BINARY = 1 };

static int32_t call(uint32_t operation, const uint32_t *arguments) {
  register uint32_t r0 __asm("r0") = operation;
  register const uint32_t *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

static uint32_t address(const void *pointer) {
  return (uint32_t)(uintptr_t)pointer;
}

int32_t file_open(const char *name) {
  const uint32_t arguments[] = {address(name), READ_BINARY, (uint32_t)strlen(name)};
  return call(SYS_OPEN, arguments);
}

int32_t file_bytes(int32_t file) {
  const uint32_t arguments[] = {(uint32_t)file};
  return call(SYS_FLEN, arguments);
}

int32_t file_read(int32_t file, void *to, int32_t bytes) {
  const uint32_t arguments[] = {(uint32_t)file, address(to), (uint32_t)bytes};
  return bytes - call(SYS_READ, arguments); /* which returns how many were not read */
}

void file_close(int32_t file) {
  const uint32_t arguments[] = {(uint32_t)file};
  call(SYS_CLOSE, arguments);
}
