/* One operation on the curve P-256 by the library P256-Cortex-M4.
 *
 * CAL_OPERATION is a number below. The rest of main checks that the results belong together.
 */
#include <stdbool.h>
#include <stdint.h>

#define KEYGEN 1
#define SIGN 2
#define VERIFY 3
#define ECDH 4
#define DECOMPRESS 5

typedef uint32_t number[8];

bool p256_keygen(number x, number y, const number private_key);
bool p256_sign(number r, number s, const uint8_t *hash, uint32_t bytes, const number private_key,
               const number k);
bool p256_verify(const number x, const number y, const uint8_t *hash, uint32_t bytes,
                 const number r, const number s);
bool p256_ecdh_calc_shared_secret(uint8_t secret[32], const number private_key, const number x,
                                  const number y);
void p256_point_to_octet_string_compressed(uint8_t out[33], const number x, const number y);
bool p256_octet_string_to_point(number x, number y, const uint8_t *in, uint32_t bytes);
void start_trigger(void);
void stop_trigger(void);

/* Times the operation that was asked for, and only that one. */
#define STEP(which, call)           \
  do {                              \
    if ((which) == CAL_OPERATION) { \
      start_trigger();              \
    }                               \
    good &= (call);                 \
    if ((which) == CAL_OPERATION) { \
      stop_trigger();               \
    }                               \
  } while (0)

static void fill(number n, uint32_t seed) {
  for (int i = 0; i < 8; ++i) {
    seed = seed * 1664525U + 1013904223U;
    n[i] = seed ^ (seed >> 13);
  }
  n[7] &= 0x7fffffffU; /* below the order of the curve */
}

int main(void) {
  static number mine, theirs, k, x, y, other_x, other_y, r, s, point_x, point_y;
  static uint8_t hash[32], secret[32], other_secret[32], octets[33];
  bool good = true;
  fill(mine, 1);
  fill(theirs, 2);
  fill(k, 3);
  for (int i = 0; i < 32; ++i) {
    hash[i] = (uint8_t)(37 * i + 11);
  }
  good &= p256_keygen(other_x, other_y, theirs);
  STEP(KEYGEN, p256_keygen(x, y, mine));
  STEP(SIGN, p256_sign(r, s, hash, sizeof(hash), mine, k));
  STEP(VERIFY, p256_verify(x, y, hash, sizeof(hash), r, s));
  STEP(ECDH, p256_ecdh_calc_shared_secret(secret, mine, other_x, other_y));
  good &= p256_ecdh_calc_shared_secret(other_secret, theirs, x, y);
  for (int i = 0; i < 32; ++i) {
    good &= secret[i] == other_secret[i];
  }
  p256_point_to_octet_string_compressed(octets, x, y);
  STEP(DECOMPRESS, p256_octet_string_to_point(point_x, point_y, octets, sizeof(octets)));
  for (int i = 0; i < 8; ++i) {
    good &= point_x[i] == x[i] && point_y[i] == y[i];
  }
  return !good;
}
