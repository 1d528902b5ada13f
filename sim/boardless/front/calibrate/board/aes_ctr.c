/* Encrypts 4096 bytes in counter mode, as "All the AES You Need on Cortex-M3 and M4" measured it.
 *
 * CAL_BITS is the key's length. With CAL_BITSLICED the key schedule begins with the key itself.
 */
#include <stdint.h>

enum { BYTES = 4096, KEY_BYTES = CAL_BITS / 8 };

#define NAME_OF(bits, what) AES_##bits##_##what
#define NAME(bits, what) NAME_OF(bits, what)
#define KEYSCHEDULE NAME(CAL_BITS, keyschedule)
#define ENCRYPT NAME(CAL_BITS, encrypt_ctr)

struct parameters {
  uint32_t counter;
  uint8_t nonce[12];
  uint8_t round_keys[2 * 15 * 16];
};

void KEYSCHEDULE(const uint8_t *key, uint8_t *round_keys);
void ENCRYPT(const struct parameters *p, const uint8_t *in, uint8_t *out, uint32_t bytes);
void start_trigger(void);
void stop_trigger(void);

static struct parameters p;
static uint8_t in[BYTES], out[BYTES], again[BYTES];

/* Some count up in the last word of the nonce. */
static void restart(void) {
  p.counter = 0;
  for (int i = 0; i < 12; ++i) {
    p.nonce[i] = (uint8_t)(1 + i % 6);
  }
}

int main(void) {
  uint8_t key[KEY_BYTES];
  for (int i = 0; i < KEY_BYTES; ++i) {
    key[i] = (uint8_t)(4 + i % 5);
  }
  for (int i = 0; i < BYTES; ++i) {
    in[i] = (uint8_t)i;
  }
#ifdef CAL_BITSLICED
  KEYSCHEDULE(key, p.round_keys);
#else
  for (int i = 0; i < KEY_BYTES; ++i) {
    p.round_keys[i] = key[i];
  }
  KEYSCHEDULE(key, p.round_keys + KEY_BYTES);
#endif
  restart();
  start_trigger();
  ENCRYPT(&p, in, out, BYTES);
  stop_trigger();
  restart();
  ENCRYPT(&p, out, again, BYTES);
  int wrong = 0;
  int changed = 0;
  for (int i = 0; i < BYTES; ++i) {
    wrong |= again[i] != in[i];
    changed |= out[i] != in[i];
  }
  return wrong || !changed;
}
