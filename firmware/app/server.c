#include "server.h"

#include <string.h>

#include "fault.h"
#include "hal.h"
#include "link.h"
#include "model.h"
#include "model_config.h"

#define PROTOCOL "1"
#define BL_WORDS_MAX 8

static bl_link the_link;
#if BL_INPUT_KEPT
/* No inference overwrites its input, so the picture lies in the arena; bulk pictures replace it. */
#define picture ((uint8_t *)bl_the_model.input.data)
#else
/* The picture stays here, because an inference may overwrite its input in the arena. */
static uint8_t picture[BL_INPUT_BYTES] __attribute__((aligned(8)));
#endif
static uint32_t db_expected, db_received;
static uint64_t lap_ticks; /* spent in inferences since reset */
static uint32_t marks[BL_LAYERS + 1], last_ticks;
static bl_status last_status;
static uint32_t inferences;       /* since reset: which one an answer is about */
static const char *cycle_counter; /* "none" where the core has none */
static uint32_t last_cycles;

void bl_mark(uint32_t layer) {
  marks[layer] = hal_timer_ticks();
}

/* ---- replies ---- */

static void line(const char *text) {
  bl_link_text(&the_link, text);
  bl_link_end(&the_link);
}

static void line_unsigned(const char *before, uint32_t value, const char *after) {
  bl_link_text(&the_link, before);
  bl_link_unsigned(&the_link, value);
  line(after);
}

static void line_text(const char *before, const char *value) {
  bl_link_text(&the_link, before);
  bl_link_text(&the_link, value);
  line("]");
}

#ifdef BL_OTHER_TYPES
static const char *const type_names[] = {
    [BL_INT8] = "int8 ",   [BL_FLOAT32] = "float32 ", [BL_INT16] = "int16 ",
    [BL_INT32] = "int32 ", [BL_INT64] = "int64 ",     [BL_BOOL] = "bool ",
};
#define TYPE_NAME(type) (type_names[type])
#else
#define TYPE_NAME(type) ((type) == BL_INT8 ? "int8 " : "float32 ")
#endif

static void line_tensor(const char *key, const bl_tensor *tensor) {
  bl_link_text(&the_link, key);
  bl_link_text(&the_link, TYPE_NAME(tensor->type));
  line_text("", tensor->shape);
}

void bl_report_fault(const char *kind, const char *const *names, const uint32_t *values,
                     uint32_t count) {
  the_link.checked = 0;
  the_link.line_crc = 0;
  line(""); /* whatever line was under way ends here */
  bl_link_text(&the_link, "e-[fault ");
  bl_link_text(&the_link, kind);
  for (uint32_t i = 0; i < count; i++) {
    bl_link_text(&the_link, " ");
    bl_link_text(&the_link, names[i]);
    bl_link_text(&the_link, "=0x");
    bl_link_hex32(&the_link, values[i]);
  }
  line("]");
}

void bl_report_stack(const uint32_t *words, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (i % 8 == 0) {
      bl_link_text(&the_link, "e-[stack ");
      bl_link_hex32(&the_link, (uint32_t)(uintptr_t)(words + i));
    }
    bl_link_text(&the_link, " ");
    bl_link_hex32(&the_link, words[i]);
    if (i % 8 == 7 || i + 1 == count) {
      line("]");
    }
  }
}

/* ---- inference ---- */

static bl_status infer_from(const uint8_t *input) {
  if (input != bl_the_model.input.data) {
    memcpy(bl_the_model.input.data, input, bl_the_model.input.bytes);
  }
  /* Cycles are read outside of what the timer measures, so that counts do not know of it: they
   * hold the two calls of the timer, too, some 30 cycles. */
  const uint32_t began = hal_cycles();
  hal_timer_start();
  last_status = bl_model_invoke();
  last_ticks = hal_timer_ticks();
  last_cycles = hal_cycles() - began;
  hal_timer_stop();
  lap_ticks += last_ticks;
  inferences++;
  return last_status;
}

static void lap_line(void) {
  const uint64_t us = hal_timer_hz ? lap_ticks * 1000000u / hal_timer_hz : 0;
  line_unsigned("m-lap-us-", (uint32_t)us, "");
}

#ifdef BL_OTHER_TYPES
/* Value i of a tensor as a real number. */
static float real(const bl_tensor *tensor, uint32_t i) {
  const void *data = tensor->data;
  switch (tensor->type) {
    case BL_FLOAT32:
      return ((const float *)data)[i];
    case BL_INT16:
      return tensor->scale * (float)(((const int16_t *)data)[i] - tensor->zero_point);
    case BL_INT32:
      return (float)((const int32_t *)data)[i];
    case BL_INT64:
      return (float)((const int64_t *)data)[i];
    case BL_BOOL:
      return ((const uint8_t *)data)[i];
    default:
      return tensor->scale * (float)(((const int8_t *)data)[i] - tensor->zero_point);
  }
}
#endif

/* Value i of the output in thousandths, saturated far outside of what a probability can be. */
static int32_t output_thousandths(uint32_t i) {
  const bl_tensor *out = &bl_the_model.output;
#ifdef BL_OTHER_TYPES
  const float value = real(out, i);
#else
  const float value = out->type == BL_FLOAT32
                          ? ((const float *)out->data)[i]
                          : out->scale * (float)(((const int8_t *)out->data)[i] - out->zero_point);
#endif
  const float scaled = value * 1000.0f + (value < 0 ? -0.5f : 0.5f);
  return scaled > 2e9f ? 2000000000 : scaled < -2e9f ? -2000000000 : (int32_t)scaled;
}

static void results_line(void) {
  bl_link_text(&the_link, "m-results-[");
  for (uint32_t i = 0; i < bl_the_model.output.count; i++) {
    const int32_t thousandths = output_thousandths(i);
    const uint32_t magnitude = (uint32_t)(thousandths < 0 ? -thousandths : thousandths);
    bl_link_text(&the_link, i ? "," : "");
    bl_link_text(&the_link, thousandths < 0 ? "-" : "");
    bl_link_unsigned(&the_link, magnitude / 1000);
    bl_link_text(&the_link, ".");
    bl_link_unsigned(&the_link, magnitude / 100 % 10);
    bl_link_unsigned(&the_link, magnitude / 10 % 10);
    bl_link_unsigned(&the_link, magnitude % 10);
  }
  line("]");
}

/* ---- words and numbers ---- */

/* A decimal number without sign; 0 when the word is not one. */
static int parse_unsigned(const char *word, uint32_t *value) {
  uint64_t sum = 0;
  if (!*word) {
    return 0;
  }
  for (; *word; word++) {
    if (*word < '0' || *word > '9') {
      return 0;
    }
    sum = sum * 10 + (uint32_t)(*word - '0');
    if (sum > UINT32_MAX) {
      return 0;
    }
  }
  *value = (uint32_t)sum;
  return 1;
}

static int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

static int parse_hex32(const char *word, uint32_t *value) {
  uint32_t sum = 0, digits = 0;
  for (; *word; word++, digits++) {
    const int digit = hex_digit(*word);
    if (digit < 0 || digits == 8) {
      return 0;
    }
    sum = sum << 4 | (uint32_t)digit;
  }
  *value = sum;
  return digits > 0;
}

/* ---- commands: each gets its words, the first being its own name ---- */

typedef struct {
  const char *name;
  void (*run)(int count, char **words);
  const char *help;
} command;

static void run_name(int count, char **words) {
  (void)count, (void)words;
  line("m-name-dut-[boardless]");
}

static void run_profile(int count, char **words) {
  (void)count, (void)words;
  line("m-profile-[boardless protocol " PROTOCOL "]");
  line_text("m-model-[", bl_the_model.name);
}

static void run_timestamp(int count, char **words) {
  (void)count, (void)words;
  lap_line();
}

static void run_hello(int count, char **words) {
  (void)count, (void)words;
  uint32_t shared_bytes;
  hal_shared(&shared_bytes);
  line("m-protocol-[" PROTOCOL "]");
  line_text("m-board-[", hal_board);
  line_text("m-model-[", bl_the_model.name);
  line_text("m-build-[", bl_the_model.build_id);
  line_tensor("m-input-[", &bl_the_model.input);
  line_tensor("m-output-[", &bl_the_model.output);
  line_unsigned("m-layers-[", bl_the_model.layers, "]");
  line_unsigned("m-shared-[", shared_bytes, "]");
  line_unsigned("m-timer-[", hal_timer_hz, "]");
  line_text("m-cycles-[", cycle_counter);
}

static void run_sync(int count, char **words) {
  line_text("m-sync-[", count > 1 ? words[1] : "");
}

static void db_load(int count, char **words) {
  uint32_t bytes;
  if (count != 3 || !parse_unsigned(words[2], &bytes)) {
    line("e-[db load: a number of bytes is needed]");
  } else if (bytes > BL_INPUT_BYTES) {
    line_unsigned("e-[db load: the input has only ", BL_INPUT_BYTES, " bytes]");
  } else {
    db_expected = bytes;
    db_received = 0;
    line_unsigned("m-[Expecting ", bytes, " bytes]");
  }
}

static void db_print(void) {
  for (uint32_t i = 0; i < BL_INPUT_BYTES; i += 8) {
    bl_link_text(&the_link, "m-buffer");
    for (uint32_t k = i; k < i + 8 && k < BL_INPUT_BYTES; k++) {
      bl_link_text(&the_link, "-");
      bl_link_hex(&the_link, &picture[k], 1);
    }
    line("");
  }
}

static void db_bytes(const char *digits) {
  const size_t length = strlen(digits);
  if (length % 2) {
    line("e-[Insufficent number of hex digits]"); /* spelt as in MLPerf Tiny's firmware */
    return;
  }
  for (size_t i = 0; i < length; i++) {
    if (hex_digit(digits[i]) < 0) {
      line("e-[db: not a hex digit]");
      return;
    }
  }
  if (length / 2 > db_expected - db_received) {
    line("e-[db: more bytes than announced by db load]");
    return;
  }
  for (size_t i = 0; i < length; i += 2) {
    picture[db_received++] = (uint8_t)(hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]));
  }
  if (db_received == db_expected) {
    line("m-load-done");
  }
}

static void run_db(int count, char **words) {
  if (count < 2) {
    line("e-[db: load N, print or hex digits are needed]");
  } else if (!strcmp(words[1], "load")) {
    db_load(count, words);
  } else if (!strcmp(words[1], "print")) {
    db_print();
  } else {
    db_bytes(words[1]);
  }
}

static void run_block(int count, char **words) {
  uint32_t offset, length, crc;
  if (count != 4 || !parse_unsigned(words[1], &offset) || !parse_unsigned(words[2], &length) ||
      !parse_hex32(words[3], &crc)) {
    line("e-[block: OFFSET LENGTH CRC32 are needed]");
  } else if (length > BL_INPUT_BYTES || offset > BL_INPUT_BYTES - length) {
    line_unsigned("e-[block: outside of the input's ", BL_INPUT_BYTES, " bytes]");
  } else {
    bl_link_expect_block(&the_link, picture + offset, length, crc);
  }
}

static void run_infer(int count, char **words) {
  uint32_t runs = 0, warmups = 10;
  if (count < 2 || !parse_unsigned(words[1], &runs) || !runs) {
    line("e-[Inference iterations must be >0]");
    return;
  }
  if (count > 2 && !parse_unsigned(words[2], &warmups)) {
    line("e-[infer: the number of warm-ups is not a number]");
    return;
  }
  line_unsigned("m-warmup-start-", warmups, "");
  for (uint32_t i = 0; i < warmups; i++) {
    infer_from(picture);
  }
  line("m-warmup-done");
  line_unsigned("m-infer-start-", runs, "");
  lap_line();
  for (uint32_t i = 0; i < runs; i++) {
    infer_from(picture);
  }
  lap_line();
  line("m-infer-done");
  results_line();
}

static void run_results(int count, char **words) {
  (void)count, (void)words;
  results_line();
}

static void run_predict(int count, char **words) {
  (void)count, (void)words;
  if (infer_from(picture) != BL_OK) {
    line_unsigned("e-[predict: a kernel refused its parameters, status ", last_status, "]");
    return;
  }
  line_unsigned("m-ticks-[", last_ticks, "]");
  line_unsigned("m-inferences-[", inferences, "]");
  if (strcmp(cycle_counter, "none")) {
    line_unsigned("m-cycles-[", last_cycles, "]");
  }
  bl_link_text(&the_link, "m-output-[");
  bl_link_hex(&the_link, bl_the_model.output.data, bl_the_model.output.bytes);
  line("]");
}

/* COUNT pictures lie at INPUTS in shared memory, each at a multiple of 8 bytes; results go to
 * RESULTS: ticks and status, 32 bits each, then the output, padded to a multiple of 8 bytes. */
static void run_bulk(int count, char **words) {
  uint32_t pictures, inputs, results, shared_bytes;
  uint8_t *shared = hal_shared(&shared_bytes);
  if (count != 4 || !parse_unsigned(words[1], &pictures) || !parse_unsigned(words[2], &inputs) ||
      !parse_unsigned(words[3], &results)) {
    line("e-[bulk: COUNT INPUTS RESULTS are needed]");
    return;
  }
  const uint64_t input_stride = (bl_the_model.input.bytes + 7u) & ~7u;
  const uint64_t result_stride = (8u + bl_the_model.output.bytes + 7u) & ~7u;
  if (inputs % 8 || results % 8 || inputs + pictures * input_stride > shared_bytes ||
      results + pictures * result_stride > shared_bytes) {
    line_unsigned("e-[bulk: outside of the ", shared_bytes, " bytes of shared memory]");
    return;
  }
  for (uint32_t i = 0; i < pictures; i++) {
    uint8_t *result = shared + results + i * result_stride;
    const uint32_t status = infer_from(shared + inputs + i * input_stride);
    memcpy(result, &last_ticks, 4);
    memcpy(result + 4, &status, 4);
    memcpy(result + 8, bl_the_model.output.data, bl_the_model.output.bytes);
  }
  line_unsigned("m-bulk-[", pictures, "]");
  line_unsigned("m-inferences-[", inferences, "]");
}

static void run_layers(int count, char **words) {
  (void)count, (void)words;
  bl_link_text(&the_link, "m-ticks-[");
  for (uint32_t i = 0; i <= BL_LAYERS; i++) {
    bl_link_text(&the_link, i ? " " : "");
    bl_link_unsigned(&the_link, marks[i]);
  }
  line("]");
}

static void run_stack(int count, char **words) {
  (void)count, (void)words;
  line_unsigned("m-stack-[", hal_stack_high_water(), "]");
}

static void run_fault(int count, char **words) {
  if (count > 1) {
    hal_fault(words[1][0]);
  }
  line("e-[fault: this board knows no such fault; b, u, s or l]");
}

static void run_reset(int count, char **words) {
  (void)count, (void)words;
  hal_reset();
}

static void run_help(int count, char **words);

static const command commands[] = {
    {"name", run_name, "name                        the device's name"},
    {"profile", run_profile, "profile                     firmware and model"},
    {"help", run_help, "help                        this list"},
    {"timestamp", run_timestamp, "timestamp                   microseconds spent in inferences"},
    {"db", run_db, "db load N, db HH.., db print    the input as hex bytes"},
    {"infer", run_infer, "infer N [W]                 N inferences after W (10) warm-ups"},
    {"results", run_results, "results                     the last outputs, 3 decimals"},
    {"hello", run_hello, "hello                       protocol, board, model, build"},
    {"sync", run_sync, "sync WORD                   says WORD again"},
    {"block", run_block, "block OFFSET LENGTH CRC32   then a COBS block and a byte 0"},
    {"predict", run_predict, "predict                     one inference: ticks, cycles, output"},
    {"bulk", run_bulk, "bulk COUNT INPUTS RESULTS   inferences in shared memory"},
    {"layers", run_layers, "layers                      ticks at each layer's start, and the end"},
    {"stack", run_stack, "stack                       bytes of stack used so far"},
    {"fault", run_fault, "fault b|u|s|l               crash: bus, undefined, stack, lock-up"},
    {"reset", run_reset, "reset                       start again"},
};

static void run_help(int count, char **words) {
  (void)count, (void)words;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    line(commands[i].help);
  }
}

static void unknown_command(const char *text) {
  char printable[2] = {0, 0};
  bl_link_text(&the_link, "e-[Unknown command: ");
  for (; *text; text++) {
    printable[0] = *text >= ' ' && *text <= '~' ? *text : '?'; /* noise stays off the terminal */
    bl_link_text(&the_link, printable);
  }
  line("]");
}

static void run_command(char *text) {
  char *words[BL_WORDS_MAX];
  int count = 0;
  for (const command *c = commands; c < commands + sizeof commands / sizeof *commands; c++) {
    const size_t length = strlen(c->name);
    if (strncmp(text, c->name, length) || (text[length] && text[length] != ' ')) {
      continue;
    }
    for (char *word = text; word && count < BL_WORDS_MAX; count++) {
      words[count] = word;
      word = strchr(word, ' ');
      if (word) {
        *word++ = 0;
      }
    }
    c->run(count, words);
    return;
  }
  unknown_command(text);
}

void bl_serve(void) {
  int byte;
  bl_link_init(&the_link, hal_putc);
  cycle_counter = hal_cycles_start();
  line("m-init-done");
  line("m-ready");
  while ((byte = hal_getc()) >= 0) {
    switch (bl_link_feed(&the_link, (uint8_t)byte)) {
      case BL_LINK_MORE:
        continue;
      case BL_LINK_COMMAND:
        run_command(the_link.command);
        break;
      case BL_LINK_TOO_LONG:
        line("e-[Command longer than 80 characters]");
        break;
      case BL_LINK_BAD_CHECKSUM:
        line("e-[Checksum of the command is wrong]");
        break;
      case BL_LINK_BLOCK:
        line("m-block-done");
        break;
      case BL_LINK_BAD_BLOCK:
        line("e-[Block is damaged: length or checksum is wrong]");
        break;
    }
    if (!the_link.block) { /* a block command is answered when its block has come */
      line("m-ready");
    }
  }
}
