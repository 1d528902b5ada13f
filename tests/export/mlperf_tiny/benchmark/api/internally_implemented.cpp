// A stand-in of MLPerf Tiny's device code: as much of its commands as `run --elf` needs.
#include "api/internally_implemented.h"

#include "api/submitter_implemented.h"

static char line[81];
static size_t length, loaded, expected;
static uint8_t buffer[4096];

void ee_serial_callback(char c) {
  if (c == '%') {
    line[length] = 0;
    length = 0;
    th_command_ready(line);
  } else if (length < sizeof line - 1) {
    line[length++] = c;
  }
}

static void db(const char *words) {
  if (!strcmp(words, "load")) {
    loaded = 0;
    expected = (size_t)atoi(strtok(nullptr, " "));
    th_printf("m-[Expecting %d bytes]\r\n", (int)expected);
    return;
  }
  for (size_t i = 0; i < th_strnlen(words, 80) && loaded < expected; i += 2) {
    const char digits[] = {words[i], words[i + 1], 0};
    buffer[loaded++] = (uint8_t)strtol(digits, nullptr, 16);
  }
  if (loaded == expected) {
    th_printf("m-load-done\r\n");
  }
}

static void infer(int count, int warmups) {
  th_load_tensor();
  while (warmups-- > 0) {
    th_infer();
  }
  th_timestamp();
  th_pre();
  while (count-- > 0) {
    th_infer();
  }
  th_post();
  th_timestamp();
  th_results();
}

void ee_serial_command_parser_callback(char *command) {
  const char *word = strtok(command, " ");
  if (!strcmp(word, "name")) {
    th_printf("m-name-dut-[unspecified]\r\n");
  } else if (!strcmp(word, "profile")) {
    th_printf("m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[%s]\r\n",
              TH_MODEL_VERSION);
  } else if (!strcmp(word, "db")) {
    db(strtok(nullptr, " "));
  } else if (!strcmp(word, "infer")) {
    const int count = atoi(strtok(nullptr, " "));
    infer(count, atoi(strtok(nullptr, " ")));
  } else {
    th_printf("e-[Unknown command: %s]\r\n", word);
  }
  th_printf("m-ready\r\n");
}

void ee_benchmark_initialize() {
  th_serialport_initialize();
  th_timestamp_initialize();
  th_final_initialize();
  th_printf("m-init-done\r\nm-ready\r\n");
}

size_t ee_get_buffer(uint8_t *target, size_t most) {
  const size_t size = most < loaded ? most : loaded;
  memcpy(target, buffer, size);
  return size;
}
