/* A firmware of one's own around a model of `boardless compile --standalone`. On a UART it answers
 * boardless's protocol, as far as `boardless run --elf` needs it: hello, sync, block and predict.
 */
#include <string.h>

#include "board.h"
#include "link.h" /* boardless's, without a change: commands, checksums, blocks */
#include "model.h"

_Alignas(16) static uint8_t arena[MODEL_ARENA_BYTES];
static int8_t input[MODEL_INPUT_COUNT], output[MODEL_OUTPUT_COUNT];
static bl_link line;

/* `--region inference_begin:inference_end` counts what lies between these two. */
__attribute__((noinline)) void inference_begin(void) {
  __asm__ volatile("");
}
__attribute__((noinline)) void inference_end(void) {
  __asm__ volatile("");
}

static void say(const char *text) {
  bl_link_text(&line, text);
  bl_link_end(&line);
}

/* The number that begins at *text in this base; *text is behind it and the space then. */
static uint32_t number(const char **text, uint32_t base) {
  uint32_t value = 0;
  for (; **text && **text != ' '; ++*text) {
    const uint32_t digit = (uint32_t)(**text <= '9' ? **text - '0' : (**text | 0x20) - 'a' + 10);
    value = value * base + digit;
  }
  *text += **text == ' ';
  return value;
}

static void hello(void) {
  say("m-protocol-[1]");
  say("m-model-[model]");
  say("m-input-[int8 1x12x12x1]");
  say("m-output-[int8 1x2]");
}

static void block(const char *words) {
  const uint32_t offset = number(&words, 10), length = number(&words, 10);
  const uint32_t crc = number(&words, 16);
  if (length > sizeof input || offset > sizeof input - length) {
    say("e-[block: outside of the input]");
    return;
  }
  bl_link_expect_block(&line, (uint8_t *)input + offset, length, crc);
}

static void predict(void) {
  inference_begin();
  const model_status status = model_invoke(arena, sizeof arena, input, output);
  inference_end();
  if (status != MODEL_OK) {
    say("e-[predict: refused]");
    return;
  }
  bl_link_text(&line, "m-output-[");
  bl_link_hex(&line, output, sizeof output);
  say("]");
}

static void answer(const char *command) {
  if (!strcmp(command, "hello")) {
    hello();
  } else if (!strncmp(command, "sync ", 5)) {
    bl_link_text(&line, "m-sync-[");
    bl_link_text(&line, command + 5);
    say("]");
  } else if (!strncmp(command, "block ", 6)) {
    block(command + 6);
  } else if (!strcmp(command, "predict")) {
    predict();
  } else {
    say("e-[Unknown command]");
  }
}

int main(void) {
  board_begin();
  bl_link_init(&line, board_put);
  say("m-init-done");
  say("m-ready");
  for (;;) {
    switch (bl_link_feed(&line, board_get())) {
      case BL_LINK_MORE:
        continue;
      case BL_LINK_COMMAND:
        answer(line.command);
        break;
      case BL_LINK_BLOCK:
        say("m-block-done");
        break;
      case BL_LINK_BAD_BLOCK:
        say("e-[Block is damaged: length or checksum is wrong]");
        break;
      default:
        say("e-[Command is too long or its checksum is wrong]");
        break;
    }
    if (!line.block) { /* a block command is answered when its block has come */
      say("m-ready");
    }
  }
}
