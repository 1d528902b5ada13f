#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "record.h"
#include "segments.h"

plugin_options options;

bool inside(const range *r, uint64_t address) {
  return address >= r->low && address < r->high;
}

bool in_any(const ranges *all, uint64_t address) {
  for (uint32_t i = 0; i < all->count; i++) {
    if (inside(&all->items[i], address)) {
      return true;
    }
  }
  return false;
}

bool starts_with(const ranges *all, uint64_t address) {
  for (uint32_t i = 0; i < all->count; i++) {
    if (all->items[i].low == address) {
      return true;
    }
  }
  return false;
}

bool options_cut(uint64_t address) {
  uint64_t low = 0, high = options.cut_count;
  if (!in_any(&options.known, address)) {
    return true;
  }
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    if (options.cuts[middle] < address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < options.cut_count && options.cuts[low] == address;
}

static void append(ranges *all, range item) {
  all->items = checked(realloc(all->items, (all->count + 1) * sizeof item));
  all->items[all->count++] = item;
}

/* Up to four numbers separated by colons; ends the emulator where there are not `wanted`. */
static void numbers(const char *name, const char *text, unsigned wanted, uint64_t *to) {
  for (unsigned i = 0; i < wanted; i++) {
    char *end;
    errno = 0;
    to[i] = strtoull(text, &end, 0);
    if (end == text || errno || *end != (i + 1 < wanted ? ':' : 0)) {
      bl_fail("a wrong value of the argument", name);
    }
    text = end + 1;
  }
}

static void read_cuts(int file) {
  struct stat about;
  uint64_t *words = NULL;
  if (fstat(file, &about) || about.st_size < 16) {
    bl_fail("cannot read the addresses at which segments end", NULL);
  }
  words = checked(malloc((size_t)about.st_size));
  if (pread(file, words, (size_t)about.st_size, 0) != about.st_size ||
      (uint64_t)about.st_size != 8 * (2 + 2 * words[0] + words[1])) {
    bl_fail("cannot read the addresses at which segments end", NULL);
  }
  for (uint64_t i = 0; i < words[0]; i++) {
    append(&options.known, (range){words[2 + 2 * i], words[3 + 2 * i]});
  }
  options.cuts = words + 2 + 2 * words[0];
  options.cut_count = words[1];
}

void options_set(const char *name, const char *value) {
  uint64_t n[4] = {0};
  if (!strcmp(name, "cache")) {
    cache_add(value);
    return;
  }
  const bool single = !strcmp(name, "fd") || !strcmp(name, "cuts") || !strcmp(name, "handler") ||
                      !strcmp(name, "leave") || !strcmp(name, "start_at") ||
                      !strcmp(name, "stop_at");
  numbers(name, value, single ? 1 : !strcmp(name, "marks") ? 4 : 2, n);
  const range r = {n[0], n[1]};
  if (!strcmp(name, "fd")) {
    options.has_output = true;
    bl_record_open((int)n[0]);
  } else if (!strcmp(name, "cuts")) {
    read_cuts((int)n[0]);
  } else if (!strcmp(name, "marks")) {
    options.marks_address = n[0];
    options.marks_count = (uint32_t)n[1];
    options.marker = (range){n[2], n[3]};
  } else if (!strcmp(name, "memory")) {
    append(&options.memory, r);
  } else if (!strcmp(name, "start")) {
    options.starter = r;
  } else if (!strcmp(name, "stop")) {
    options.stopper = r;
  } else if (!strcmp(name, "region")) {
    append(&options.regions, r);
  } else if (!strcmp(name, "start_at")) {
    append(&options.start_at, r);
  } else if (!strcmp(name, "stop_at")) {
    append(&options.stop_at, r);
  } else if (!strcmp(name, "handler")) {
    append(&options.handlers, r);
  } else if (!strcmp(name, "leave")) {
    append(&options.leaves, r);
  } else {
    bl_fail("an unknown argument", name);
  }
}
