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
#define _DEFAULT_SOURCE /* memory that no file has */

#include <math.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

enum {
  PATIENCE = 20000,
  TIMES = 20,
  REFUSED = 77,
  ACCEPTED = 78,
  SMALL = 32,
  FEW = 4,
  KERNELS = 1 << 12,
  PIECE = 1 << 24
}; /* microseconds, times what the record takes, answers, bytes, records, kernels and bytes */

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
static uint32_t case_count, cases_room, most_bytes;
static uint8_t *memory;
static struct {
  uint8_t *begin;
  size_t size, used;
} pieces[1 << 12];
static int piece_count;

/* Zeros, for good, in pages that a child shares: a fork copies the tables of all others. */
static void *taken(size_t bytes) {
  const size_t rounded = (bytes + 15) / 16 * 16;
  const int last = piece_count - 1;
  if (last < 0 || pieces[last].size - pieces[last].used < rounded) {
    const size_t size = rounded > PIECE ? rounded : PIECE;
    void *begin = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED || piece_count == sizeof pieces / sizeof *pieces) {
      exit(2);
    }
    pieces[piece_count].begin = begin;
    pieces[piece_count++].size = size;
    return taken(bytes);
  }
  pieces[last].used += rounded;
  return pieces[last].begin + pieces[last].used - rounded;
}

/* A process that cannot write to what it shares. */
static pid_t forked(void) {
  const pid_t child = fork();
  for (int i = 0; child == 0 && i < piece_count; i++) {
    if (mprotect(pieces[i].begin, pieces[i].size, PROT_READ)) {
      abort();
    }
  }
  return child;
}

static recorded *added(recorded r) {
  if (case_count == cases_room) {
    recorded *more = taken((2 * cases_room + 1024) * sizeof *cases);
    for (uint32_t i = 0; i < case_count; i++) {
      more[i] = cases[i];
    }
    cases = more, cases_room = 2 * cases_room + 1024;
  }
  cases[case_count] = r;
  return &cases[case_count++];
}

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

/* Called before AddressSanitizer tells where: nobody reads it. */
void __asan_on_error(void) {
  _exit(99);
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

/* A change of a record: a word gets a value, and another one 0, if it is not the first. */
typedef struct {
  uint32_t at;
  int32_t value;
  uint32_t zero;
} trial;

static trial trials[1 << 14];
static int trial_count;
static uint8_t *answers; /* to the trials; children write them */

static void try_word(uint32_t at, int32_t value, uint32_t zero) {
  if (trial_count < (int)(sizeof trials / sizeof *trials)) {
    trials[trial_count++] = (trial){at, value, zero};
  }
}

/* The changed record, in `data`. It has no ranges: the status is all that it shows. */
static recorded changed(uint32_t number, trial t, uint8_t *data) {
  recorded r = {.bytes = cases[number].bytes, .data = data};
  memcpy(r.data, cases[number].data, r.bytes);
  if (t.zero) {
    memset(r.data + t.zero, 0, 4);
  }
  memcpy(r.data + t.at, &t.value, 4);
  return r;
}

/* Finds what the kernel answers to each trial: nothing where it crashes. A child runs them one
 * after the other until that happens. */
static void find_answers(uint32_t number) {
  uint8_t *data = malloc(cases[number].bytes);
  for (int next = 0; next < trial_count;) {
    memset(answers + next, 0, (size_t)(trial_count - next));
    const pid_t child = forked();
    int status;
    if (child == 0) {
      const struct itimerval timer = {.it_value = {0, PATIENCE}};
      for (int t = freopen("/dev/null", "w", stderr) ? next : trial_count; t < trial_count; t++) {
        const recorded r = changed(number, trials[t], data);
        setitimer(ITIMER_VIRTUAL, &timer, NULL);
        run(&r);
        answers[t] = ((const uint32_t *)(const void *)memory)[RECORD_STATUS] ? REFUSED : ACCEPTED;
      }
      _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
      exit(2);
    }
    while (next < trial_count && answers[next]) {
      next++;
    }
    next++;
  }
  free(data);
}

/* Adds changed records that the kernel refuses, and those next to them that it accepts. */
static void add_answers(uint32_t number) {
  find_answers(number);
  for (int t = 0; t < trial_count; t++) {
    int kept = answers[t] == REFUSED;
    for (int u = 0; u < trial_count && answers[t] == ACCEPTED; u++) {
      kept |= answers[u] == REFUSED && trials[u].at == trials[t].at && !trials[u].zero &&
              llabs((int64_t)trials[u].value - trials[t].value) == 1;
    }
    if (kept) {
      added(changed(number, trials[t], taken(cases[number].bytes)));
    }
  }
  trial_count = 0;
}

/* Calls the kernel again with one value changed: one of the parameters, to which argument 0
 * points; one word of a small block, such as a list of lengths; or the number of bytes of scratch
 * memory. */
static void try_words(uint32_t number) {
  enum { MINUS_HALF = -0x41000000 }; /* as a float */
  static const int32_t values[] = {-32769, -32768, -129, -128, -32,   -31,   -1,    0,
                                   1,      4,      8,    9,    14,    15,    31,    32,
                                   127,    128,    255,  256,  32767, 32768, 32769, MINUS_HALF};
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
        const int32_t own = (int32_t)words[at / 4];
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
          try_word(at, values[v], 0);
        }
        try_word(at, own < INT32_MAX ? own + 1 : own, 0);
        try_word(at, own > INT32_MIN ? own - 1 : own, 0);
      }
    }
    if (!points) {
      try_word(4 * (RECORD_HEAD + k), (int32_t)argument - 1, 0);
    }
  }
}

/* A call with two parameters, which argument 0 points to, that are 0, or one is 1. */
static void try_zeros(uint32_t number) {
  const uint32_t *words = (const uint32_t *)(const void *)cases[number].data;
  const uint32_t *pairs = words + RECORD_HEAD + words[RECORD_ARGUMENTS];
  for (uint32_t i = 0; i < words[RECORD_BLOCKS]; i++) {
    const uint32_t begin = pairs[2 * i], end = pairs[2 * i + 1];
    for (uint32_t a = begin; begin == words[RECORD_HEAD] && a + 4 <= end; a += 4) {
      for (uint32_t b = begin; b + 4 <= end; b += 4) {
        if (a < b) {
          try_word(a, 0, b);
        }
        if (a != b) {
          try_word(a, 1, b);
        }
      }
    }
  }
}

static void load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    exit(2);
  }
  uint32_t count;
  read_exactly(file, &count, sizeof count);
  for (uint32_t i = 0; i < count; i++) {
    recorded *r = added((recorded){0});
    read_exactly(file, &r->bytes, 4);
    read_exactly(file, &r->count, 4);
    read_exactly(file, &r->limit, 4);
    if (r->count > 64) {
      exit(2);
    }
    read_exactly(file, r->ranges, 8 * r->count);
    r->data = taken(r->bytes);
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
    r->right = taken(r->bytes);
    memcpy(r->right, memory, r->bytes);
    r->reached = taken((size_t)last / 8 + 1);
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

/* Adds what kernels answer to records, a few of each, that reach a chosen change which none before
 * them does. */
static void add_all_answers(int count, char **chosen) {
  const uint32_t loaded = case_count;
  unsigned char *known = calloc(sizeof bl_reached, 1), *asked = calloc(KERNELS, 1);
  answers = mmap(NULL, sizeof trials / sizeof *trials, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (answers == MAP_FAILED) {
    exit(2);
  }
  for (uint32_t i = 0; i < loaded; i++) {
    const uint32_t kernel = ((const uint32_t *)(const void *)cases[i].data)[RECORD_KERNEL];
    int is_new = 0;
    for (int k = 0; k < count && kernel < KERNELS && asked[kernel] < FEW; k++) {
      const int number = atoi(chosen[k]);
      is_new |= !known[number] && reaches(&cases[i], number);
      known[number] |= (unsigned char)reaches(&cases[i], number);
    }
    if (is_new) {
      if (asked[kernel]++ == 0) {
        try_zeros(i);
      }
      try_words(i);
      add_answers(i);
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
      const pid_t child = forked();
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
