/* Makes every semihosting call that could reach the host, and prints what came of it. The paths
 * come as macros. The same on Arm and RISC-V. */
#include <stdint.h>

void reset(void);

#ifdef __arm__
extern char stack_top[];
__attribute__((section(".vectors"), used)) static void (*const vectors[4])(void) = {
    [0] = (void (*)(void))stack_top, [1] = reset};

static uint32_t call(uint32_t number, const void *argument) {
  register uint32_t r0 __asm("r0") = number;
  register const void *r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
#else
__asm(".section .text.start; .global start; start: li sp, 0x80400000; j reset; .text");

static uint32_t call(uint32_t number, const void *argument) {
  register uint32_t a0 __asm("a0") = number;
  register const void *a1 __asm("a1") = argument;
  __asm volatile(
      ".option push\n\t.option norvc\n\t.balign 16\n\t"
      "slli x0, x0, 0x1f\n\tebreak\n\tsrai x0, x0, 7\n\t.option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}
#endif

enum { OPEN = 1, CLOSE, WRITEC, WRITE0, WRITE, READ, READC, ISTTY = 9, SEEK, FLEN = 12, TMPNAM };
enum { REMOVE = 14, RENAME, CLOCK, TIME, SYSTEM, ERRNO, CMDLINE = 21, HEAPINFO, EXIT = 32 };
enum { R = 0, RW = 2, W = 4, A = 8 };

static uint32_t length(const char *text) {
  uint32_t n = 0;
  while (text[n]) {
    n++;
  }
  return n;
}

static void print(const char *what, uint32_t value) {
  char line[64];
  uint32_t n = 0;
  for (; what[n]; n++) {
    line[n] = what[n];
  }
  line[n++] = ' ';
  for (int shift = 28; shift >= 0; shift -= 4) {
    line[n++] = "0123456789abcdef"[value >> shift & 15];
  }
  line[n++] = '\n';
  line[n] = 0;
  call(WRITE0, line);
}

static uint32_t call3(uint32_t number, uint32_t a, uint32_t b, uint32_t c) {
  const uint32_t block[3] = {a, b, c};
  return call(number, block);
}

static uint32_t named(uint32_t number, const char *path) {
  return call3(number, (uint32_t)(uintptr_t)path, length(path), 0);
}

static uint32_t open(const char *path, uint32_t mode) {
  return call3(OPEN, (uint32_t)(uintptr_t)path, mode, length(path));
}

static uint32_t transfer(uint32_t number, uint32_t handle, const void *data, uint32_t size) {
  return call3(number, handle, (uint32_t)(uintptr_t)data, size);
}

static char buffer[64];
static uint32_t heap[4];

void reset(void) {
  static const char *const to_read[] = {TO_READ};
  static const char *const to_write[] = {TO_WRITE};
  for (uint32_t i = 0; i < sizeof to_read / sizeof *to_read; i++) {
    const uint32_t handle = open(to_read[i], R);
    print("open", handle);
    for (uint32_t k = 0; k < sizeof buffer; k++) {
      buffer[k] = 0;
    }
    print("flen", call3(FLEN, handle, 0, 0));
    print("seek", call3(SEEK, handle, 1, 0));
    print("read", transfer(READ, handle, buffer, sizeof buffer - 1));
    call(WRITE0, buffer);
    call(WRITE0, "\n");
    print("close", call3(CLOSE, handle, 0, 0));
  }
  for (uint32_t i = 0; i < sizeof to_write / sizeof *to_write; i++) {
    const uint32_t handle = open(to_write[i], W);
    print("create", handle);
    print("write", transfer(WRITE, handle, "written", 7));
    print("close", call3(CLOSE, handle, 0, 0));
    print("append", open(to_write[i], A));
    print("update", open(to_write[i], RW));
  }
  const char *const from = RENAME_FROM, *const to = RENAME_TO;
  const uint32_t both[4] = {(uint32_t)(uintptr_t)from, length(from), (uint32_t)(uintptr_t)to,
                            length(to)};
  print("rename", call(RENAME, both));
  print("remove", named(REMOVE, TO_REMOVE));
  print("system", named(SYSTEM, COMMAND));
  /* handles that were never given out: those of the emulator itself */
  for (uint32_t handle = 3; handle < 20; handle++) {
    transfer(WRITE, handle + 50, "x", 1);
    transfer(READ, handle + 50, buffer, 1);
  }
  const uint32_t out = open(":tt", W), error = open(":tt", A), in = open(":tt", R);
  print("to stdout", transfer(WRITE, out, "out\n", 4));
  print("to stderr", transfer(WRITE, error, "error\n", 6));
  print("from stdin", transfer(READ, in, buffer, 8));
  print("is a tty", call3(ISTTY, out, 0, 0));
  print("a character", call(READC, 0));
  call(WRITEC, "c");
  call(WRITEC, "\n");
  print("nowhere", transfer(WRITE, out, (const void *)(uintptr_t)0xEEEE0000u, 4));
  print("a name", transfer(TMPNAM, (uint32_t)(uintptr_t)buffer, (const void *)1, sizeof buffer));
  print("command line", call3(CMDLINE, (uint32_t)(uintptr_t)buffer, sizeof buffer, 0));
  print("heap", call3(HEAPINFO, (uint32_t)(uintptr_t)heap, 0, 0));
  print("clock ran", call(CLOCK, 0) < 100000);
  print("time goes", call(TIME, 0) > 1700000000);
  const uint32_t end[2] = {0x20026, 7};
  call(EXIT, end);
  for (;;) {
  }
}
