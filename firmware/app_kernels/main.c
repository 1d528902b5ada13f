/* A firmware that runs kernel records in shared memory instead of a model: `records COUNT OFFSET`
 * runs COUNT of them, one behind the other, and answers with how many it ran.
 */
#include <string.h>

#include "fault.h"
#include "hal.h"
#include "link.h"
#include "record.h"

static bl_link the_link;

static void line(const char *text) {
  bl_link_text(&the_link, text);
  bl_link_end(&the_link);
}

void bl_report_fault(const char *kind, const char *const *names, const uint32_t *values,
                     uint32_t count) {
  the_link.checked = 0;
  the_link.line_crc = 0;
  line("");
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

/* A number and the blank behind it; 0 where there is none. */
static uint32_t number(const char **text) {
  uint32_t value = 0;
  while (**text >= '0' && **text <= '9') {
    value = value * 10 + (uint32_t)(*(*text)++ - '0');
  }
  *text += **text == ' ';
  return value;
}

static void run_records(const char *words) {
  uint32_t shared_bytes, done = 0;
  uint8_t *shared = hal_shared(&shared_bytes);
  const uint32_t count = number(&words);
  uint32_t offset = number(&words);
  while (done < count && offset % 16 == 0 && offset <= shared_bytes - 4 * RECORD_HEAD) {
    uint32_t bytes;
    memcpy(&bytes, shared + offset, 4);
    if (bytes < 4 * RECORD_HEAD || bytes > shared_bytes - offset ||
        !bl_record_run(shared + offset)) {
      break;
    }
    offset += bytes;
    done++;
  }
  bl_link_text(&the_link, "m-records-[");
  bl_link_unsigned(&the_link, done);
  line("]");
}

int main(void) {
  static const char name[] = "records ";
  int byte;
  hal_init();
  bl_link_init(&the_link, hal_putc);
  line("m-init-done");
  line("m-ready");
  while ((byte = hal_getc()) >= 0) {
    const bl_link_event event = bl_link_feed(&the_link, (uint8_t)byte);
    if (event == BL_LINK_MORE) {
      continue;
    }
    if (event == BL_LINK_COMMAND && !strncmp(the_link.command, name, sizeof name - 1)) {
      run_records(the_link.command + sizeof name - 1);
    } else {
      line("e-[records COUNT OFFSET is all that this firmware knows]");
    }
    line("m-ready");
  }
  return 0;
}
