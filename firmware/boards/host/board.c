/* The fake board: the same firmware as a host program, for tests without an emulator.
 *
 *   firmware LINE_FD [SHARED_FD]      the line is a socket, shared memory a file to map
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "hal.h"

const char hal_board[] = BL_BOARD;
const uint32_t hal_timer_hz = 0;

static int line_fd;
static uint8_t *shared;
static uint32_t shared_size;
static char **arguments;
static char output[4096];
static size_t pending;

/* glibc hands these to constructors; main() belongs to the firmware and takes none. */
__attribute__((constructor)) static void keep_arguments(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s LINE_FD [SHARED_FD]\n", argv[0]);
    exit(2);
  }
  arguments = argv;
}

void hal_init(void) {
  struct stat file;
  line_fd = atoi(arguments[1]);
  if (arguments[2] && fstat(atoi(arguments[2]), &file) == 0) {
    void *map =
        mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(arguments[2]), 0);
    if (map != MAP_FAILED) {
      shared = map;
      shared_size = (uint32_t)file.st_size;
    }
  }
}

static void flush(void) {
  for (size_t sent = 0; sent < pending;) {
    const ssize_t n = write(line_fd, output + sent, pending - sent);
    if (n <= 0) {
      exit(0); /* nobody listens any more */
    }
    sent += (size_t)n;
  }
  pending = 0;
}

int hal_getc(void) {
  static uint8_t buffer[4096];
  static ssize_t have, next;
  if (next == have) {
    flush();
    have = read(line_fd, buffer, sizeof buffer);
    next = 0;
    if (have <= 0) {
      return -1;
    }
  }
  return buffer[next++];
}

void hal_putc(char c) {
  output[pending++] = c;
  if (pending == sizeof output) {
    flush();
  }
}

void hal_timer_start(void) {}
uint32_t hal_timer_ticks(void) {
  return 0;
}
void hal_timer_stop(void) {}

uint8_t *hal_shared(uint32_t *bytes) {
  *bytes = shared_size;
  return shared;
}

uint32_t hal_stack_high_water(void) {
  return 0;
}

_Noreturn void hal_exit(int status) {
  flush();
  exit(status);
}

_Noreturn void hal_reset(void) {
  flush();
  execv("/proc/self/exe", arguments);
  exit(70);
}

void hal_fault(char kind) {
  static const char *const names[] = {"pc"};
  const uint32_t values[] = {0};
  if (kind == 'b' || kind == 'u' || kind == 's') {
    bl_report_fault("on purpose", names, values, 1);
    hal_exit(70);
  }
  if (kind == 'l') {
    flush();
    abort();
  }
}
