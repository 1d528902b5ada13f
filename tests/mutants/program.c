/* Runs recorded kernel calls, each with every change that it reaches, and says which changes show.
 *
 *   program CASES NUMBER...
 *
 * CASES holds for each record: its bytes, the number of its output ranges, how far float32 outputs
 * may be off (0: outputs are no floats), the ranges, and the record (see record.h). What no change
 * gives is right. Each change is made in a process of its own, which ends at the first difference,
 * when a sanitizer stops it, or after too much time of the processor. Prints for each change its
 * number, 1 if it shows, and how many records reach it.
 */
#include <math.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

enum {
  PATIENCE = 100000,
  TIMES = 20,
  REFUSED = 77,
  ACCEPTED = 78,
  SMALL = 32,
  MOST = 16
}; /* microseconds, times what the record takes, how a child ends, bytes, and values */

typedef struct {
  uint32_t bytes, count;
  float limit;
  uint32_t ranges[64][2];
  uint8_t *data, *right, *reached;
  long microseconds;
} recorded;

int bl_mutant;
unsigned char bl_reached[1 << 16];
static recorded *cases;
static uint32_t case_count, most_bytes;
static uint8_t *memory;

static void guards(void (*mark)(void const volatile *, size_t), uint32_t bytes) {
  const uint32_t *words = (const uint32_t *)(const void *)memory;
  const uint32_t *pairs = words + RECORD_HEAD + words[RECORD_ARGUMENTS];
  uint32_t end = (uint32_t)((const uint8_t *)(pairs + 2 * words[RECORD_BLOCKS]) - memory);
  const uint32_t count = words[RECORD_BLOCKS];
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t next = pairs[2 * i + 1];
    mark(memory + end, pairs[2 * i] - end);
    end = next;
  }
  mark(memory + end, bytes - end);
}

static void run(const recorded *r) {
  memcpy(memory, r->data, r->bytes);
  guards(__asan_poison_memory_region, r->bytes);
  if (!bl_record_run(memory)) {
    exit(2);
  }
  __asan_unpoison_memory_region(memory, most_bytes);
}

static void read_exactly(FILE *file, void *to, size_t size) {
  if (fread(to, 1, size, file) != size) {
    exit(2);
  }
}

/* The status of a child that runs a record: REFUSED if the kernel refuses it, ACCEPTED if it does
 * not; anything else is no case, as the kernel crashes with it. */
static int ending(const recorded *r) {
  const pid_t child = fork();
  int status = 0;
  if (child == 0) {
    const struct itimerval timer = {.it_value = {0, PATIENCE}};
    if (!freopen("/dev/null", "w", stderr)) {
      _exit(0);
    }
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
    run(r);
    _exit(((const uint32_t *)(const void *)memory)[RECORD_STATUS] ? REFUSED : ACCEPTED);
  }
  if (child < 0 || waitpid(child, &status, 0) != child) {
    exit(2);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* A record with one word changed. It has no ranges: the status is all that it shows. */
static recorded changed(uint32_t number, uint32_t at, int32_t value) {
  recorded r = {.bytes = cases[number].bytes, .data = malloc(cases[number].bytes)};
  memcpy(r.data, cases[number].data, r.bytes);
  memcpy(r.data + at, &value, 4);
  return r;
}

/* Adds records with one word changed, of those that the kernel refuses, and of those next to them
 * that it accepts. */
static void add_answers_to(uint32_t number, uint32_t at, const int32_t *values, int count) {
  recorded made[MOST];
  int answers[MOST];
  for (int v = 0; v < count; v++) {
    made[v] = changed(number, at, values[v]);
    answers[v] = ending(&made[v]);
  }
  for (int v = 0; v < count; v++) {
    int kept = answers[v] == REFUSED;
    for (int w = 0; w < count && answers[v] == ACCEPTED; w++) {
      kept |= answers[w] == REFUSED && abs(values[w] - values[v]) == 1;
    }
    if (!kept) {
      free(made[v].data);
      continue;
    }
    cases = realloc(cases, (case_count + 1) * sizeof *cases);
    cases[case_count++] = made[v];
  }
}

/* Adds what a kernel answers to a call with another parameter, which argument 0 points to, with
 * another word of a small block, such as a list of lengths, or with less scratch memory, whose size
 * is the argument that points nowhere. */
static void add_answers(uint32_t number) {
  static const int32_t values[] = {-32, -31, -1, 0, 1, 4, 14, 15, 31, 32, 255, 256};
  const uint32_t *words = (const uint32_t *)(const void *)cases[number].data;
  const uint32_t *pairs = words + RECORD_HEAD + words[RECORD_ARGUMENTS];
  for (uint32_t k = 0; k < words[RECORD_ARGUMENTS]; k++) {
    const uint32_t argument = words[RECORD_HEAD + k];
    int points = argument == 0;
    for (uint32_t i = 0; i < words[RECORD_BLOCKS]; i++) {
      const uint32_t begin = pairs[2 * i], end = pairs[2 * i + 1];
      points |= begin <= argument && argument <= end;
      const int is_tried = begin == argument && (k == 0 || end - begin <= SMALL);
      for (uint32_t at = begin; is_tried && at + 4 <= end; at += 4) {
        add_answers_to(number, at, values, sizeof values / sizeof *values);
      }
    }
    if (!points) {
      const int32_t less = (int32_t)argument - 1;
      add_answers_to(number, 4 * (RECORD_HEAD + k), &less, 1);
    }
  }
}

static void load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    exit(2);
  }
  read_exactly(file, &case_count, sizeof case_count);
  cases = calloc(case_count, sizeof *cases);
  for (uint32_t i = 0; i < case_count; i++) {
    recorded *r = &cases[i];
    read_exactly(file, &r->bytes, 4);
    read_exactly(file, &r->count, 4);
    read_exactly(file, &r->limit, 4);
    if (r->count > 64) {
      exit(2);
    }
    read_exactly(file, r->ranges, 8 * r->count);
    r->data = malloc(r->bytes);
    read_exactly(file, r->data, r->bytes);
    most_bytes = r->bytes > most_bytes ? r->bytes : most_bytes;
  }
  fclose(file);
  memory = aligned_alloc(16, (most_bytes + 15) / 16 * 16);
}

/* What each record from `first` on gives without a change, and which changes it reaches, among
 * those up to last. */
static void find_right(uint32_t first, int last) {
  for (uint32_t i = first; i < case_count; i++) {
    recorded *r = &cases[i];
    memset(bl_reached, 0, (size_t)last + 1);
    const clock_t before = clock();
    run(r);
    r->microseconds = (long)((clock() - before) * (1000000.0 / CLOCKS_PER_SEC));
    r->right = malloc(r->bytes);
    memcpy(r->right, memory, r->bytes);
    r->reached = calloc((size_t)last / 8 + 1, 1);
    for (int n = 0; n <= last; n++) {
      r->reached[n / 8] |= (uint8_t)(bl_reached[n] << n % 8);
    }
  }
}

static int reaches(const recorded *r, int number) {
  return r->reached[number / 8] >> number % 8 & 1;
}

static int is_right(const recorded *r) {
  if (memcmp(memory + 4 * RECORD_STATUS, r->right + 4 * RECORD_STATUS, 4) != 0) {
    return 0;
  }
  for (uint32_t k = 0; k < r->count; k++) {
    const uint32_t at = r->ranges[k][0], size = r->ranges[k][1];
    if (memcmp(memory + at, r->right + at, size) == 0) {
      continue;
    }
    for (uint32_t i = 0; i + 4 <= size && r->limit > 0; i += 4) {
      float a, b;
      memcpy(&a, memory + at + i, 4);
      memcpy(&b, r->right + at + i, 4);
      if (!(fabsf(a - b) <= r->limit) && memcmp(&a, &b, 4) != 0 && !(isnan(a) && isnan(b))) {
        return 0;
      }
    }
    if (r->limit == 0) {
      return 0;
    }
  }
  return 1;
}

/* Adds what kernels answer, of those that a chosen change is in. */
static void add_all_answers(int count, char **chosen) {
  static unsigned char known[1 << 12];
  const uint32_t loaded = case_count;
  for (uint32_t i = 0; i < loaded; i++) {
    const uint32_t kernel = ((const uint32_t *)(const void *)cases[i].data)[RECORD_KERNEL];
    for (int k = 0; k < count && kernel < sizeof known && !known[kernel]; k++) {
      if (reaches(&cases[i], atoi(chosen[k]))) {
        known[kernel] = 1;
        add_answers(i);
      }
    }
  }
}

/* Ends the process with 1 if the change shows. */
static void try(int number) {
  bl_mutant = number;
  for (uint32_t i = 0; i < case_count; i++) {
    if (reaches(&cases[i], number)) {
      const long limit = PATIENCE + TIMES * cases[i].microseconds;
      const struct itimerval timer = {.it_value = {limit / 1000000, limit % 1000000}};
      setitimer(ITIMER_VIRTUAL, &timer, NULL);
      run(&cases[i]);
      if (!is_right(&cases[i])) {
        _exit(1);
      }
    }
  }
  _exit(0);
}

int main(int count, char **words) {
  int last = 0;
  for (int i = 2; i < count; i++) {
    last = atoi(words[i]) > last ? atoi(words[i]) : last;
  }
  if (count < 3 || last >= (int)sizeof bl_reached) {
    return 2;
  }
  load(words[1]);
  find_right(0, last);
  const uint32_t loaded = case_count;
  add_all_answers(count - 2, words + 2);
  find_right(loaded, last);
  for (int k = 2; k < count; k++) {
    const int number = atoi(words[k]);
    int reaching = 0, status = 0;
    for (uint32_t i = 0; i < case_count; i++) {
      reaching += reaches(&cases[i], number);
    }
    fflush(stdout);
    if (reaching) {
      const pid_t child = fork();
      if (child == 0) {
        try(number);
      }
      if (child < 0 || waitpid(child, &status, 0) != child) {
        return 2;
      }
    }
    printf("%d %d %d\n", number, status != 0, reaching);
  }
  return 0;
}
