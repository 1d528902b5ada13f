/* What MLPerf Tiny's device code leaves to the submitter: the model, the UART and the clock. The
 * model comes from `boardless compile --standalone`, the board is Arm's AN386 in ../own_firmware.
 */
#include "api/submitter_implemented.h"

#include "api/internally_implemented.h"
#include "model.h"

extern "C" {
#include "board.h"
}

alignas(16) static uint8_t arena[MODEL_ARENA_BYTES];
static int8_t picture[MODEL_INPUT_COUNT], output[MODEL_OUTPUT_COUNT];

/* The first timer of the board counts down, 25 times in a microsecond. */
static volatile uint32_t *const timer = reinterpret_cast<volatile uint32_t *>(0x40000000);
enum { CONTROL = 0, VALUE = 1, RELOAD = 2, TICKS_PER_US = 25 };

/* `--region inference_begin:inference_end` counts what lies between these two. */
extern "C" __attribute__((noinline)) void inference_begin(void) {
  __asm__ volatile("");
}
extern "C" __attribute__((noinline)) void inference_end(void) {
  __asm__ volatile("");
}

/* newlib's strtok, which the device code calls, takes a little memory from here. */
extern "C" void *_sbrk(int bytes) {
  alignas(8) static uint8_t heap[1024];
  static int used;
  if (bytes < 0 || bytes > static_cast<int>(sizeof heap) - used) {
    return reinterpret_cast<void *>(-1);
  }
  used += bytes;
  return heap + used - bytes;
}

/* The runner sends pixels, 0 to 255, of pictures, and int8 values of everything else. */
void th_load_tensor() {
  uint8_t fed[MODEL_INPUT_COUNT];
  if (ee_get_buffer(fed, sizeof fed) != sizeof fed) {
    th_printf("e-[the input has %u bytes]\r\n", static_cast<unsigned>(sizeof fed));
    return;
  }
  const bool pixels = !strcmp(TH_MODEL_VERSION, EE_MODEL_VERSION_VWW01) ||
                      !strcmp(TH_MODEL_VERSION, EE_MODEL_VERSION_IC01);
  for (size_t i = 0; i < sizeof fed; i++) {
    picture[i] = static_cast<int8_t>(pixels ? fed[i] ^ 0x80 : fed[i]);
  }
}

void th_infer() {
  inference_begin();
  model_invoke(arena, sizeof arena, picture, output);
  inference_end();
}

/* Three decimals, without %f, which newlib's small printf does not know. */
void th_results() {
  th_printf("m-results-[");
  for (int i = 0; i < MODEL_OUTPUT_COUNT; i++) {
    const float value = (output[i] - MODEL_OUTPUT_ZERO_POINT) * MODEL_OUTPUT_SCALE;
    const long thousandths = static_cast<long>(value * 1000 + (value < 0 ? -0.5F : 0.5F));
    const long size = thousandths < 0 ? -thousandths : thousandths;
    th_printf("%s%s%ld.%03ld", i ? "," : "", thousandths < 0 ? "-" : "", size / 1000, size % 1000);
  }
  th_printf("]\r\n");
}

void th_command_ready(char volatile *command) {
  ee_serial_command_parser_callback(const_cast<char *>(command));
}

void th_serialport_initialize() {
  board_begin();
}

void th_timestamp_initialize() {
  timer[RELOAD] = timer[VALUE] = 0xFFFFFFFF;
  timer[CONTROL] = 1;
  th_printf(EE_MSG_TIMESTAMP_MODE);
  th_timestamp();
}

void th_timestamp() {
  th_printf(EE_MSG_TIMESTAMP,
            static_cast<unsigned long>((0xFFFFFFFF - timer[VALUE]) / TICKS_PER_US));
}

void th_final_initialize() {}
void th_pre() {}
void th_post() {}

void th_printf(const char *format, ...) {
  char text[128]; /* longer than each line of the device code */
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  for (const char *c = text; *c; c++) {
    board_put(*c);
  }
}

char th_getchar() {
  return static_cast<char>(board_get());
}

size_t th_strnlen(const char *text, size_t most) {
  return strnlen(text, most);
}
