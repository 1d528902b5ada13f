/* An application of Zephyr around a model of `boardless compile --standalone --for zephyr`. On the
 * board's first UART it answers boardless's protocol, as far as `boardless run --elf` needs it:
 * hello, sync, block and predict.
 */
#include <stdlib.h>
#include <string.h>
#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

#include "link.h" /* boardless's, without a change: commands, checksums, blocks */
#include "model.h"

static const struct device *const uart = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));

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

static void put(char c) {
  uart_poll_out(uart, (unsigned char)c);
}

static void say(const char *text) {
  bl_link_text(&line, text);
  bl_link_end(&line);
}

static void hello(void) {
  say("m-protocol-[1]");
  say("m-model-[model]");
  say("m-input-[int8 1x12x12x1]");
  say("m-output-[int8 1x2]");
}

/* "OFFSET LENGTH CRC": the bytes that follow are a part of the input. */
static void block(const char *words) {
  char *next;
  const unsigned long offset = strtoul(words, &next, 10), length = strtoul(next, &next, 10);
  const unsigned long crc = strtoul(next, NULL, 16);
  if (length > sizeof input || offset > sizeof input - length) {
    say("e-[block: outside of the input]");
    return;
  }
  bl_link_expect_block(&line, (uint8_t *)input + offset, (uint32_t)length, (uint32_t)crc);
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

static void received(unsigned char byte) {
  switch (bl_link_feed(&line, byte)) {
    case BL_LINK_MORE:
      return;
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

int main(void) {
  if (!device_is_ready(uart)) {
    return 1;
  }
  bl_link_init(&line, put);
  say("m-init-done");
  say("m-ready");
  for (;;) {
    unsigned char byte;
    if (!uart_poll_in(uart, &byte)) { /* 0: one has come */
      received(byte);
    }
  }
}
