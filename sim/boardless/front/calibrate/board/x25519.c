/* One multiplication on Curve25519 by an assembly library.
 *
 * With CAL_POINT_FIRST it is x25519(out, point, scalar), otherwise curve25519_scalarmult(out,
 * scalar, point). The rest of main lets two sides agree on a secret.
 */
#include <stdint.h>

typedef uint8_t number[32];

void start_trigger(void);
void stop_trigger(void);

#ifdef CAL_POINT_FIRST
void x25519(void *out, const void *point, const void *scalar);

static void multiply(number out, const number scalar, const number point) {
  x25519(out, point, scalar);
}
#else
void curve25519_scalarmult(uint8_t *out, const uint8_t *scalar, const uint8_t *point);

static void multiply(number out, const number scalar, const number point) {
  curve25519_scalarmult(out, scalar, point);
}
#endif

int main(void) {
  static const number base = {9};
  static number mine, theirs, my_public, their_public, secret, same;
  for (int i = 0; i < 32; ++i) {
    mine[i] = (uint8_t)(37 * i + 11);
    theirs[i] = (uint8_t)(101 * i + 5);
  }
  multiply(my_public, mine, base);
  multiply(their_public, theirs, base);
  start_trigger();
  multiply(secret, mine, their_public);
  stop_trigger();
  multiply(same, theirs, my_public);
  int wrong = 0;
  for (int i = 0; i < 32; ++i) {
    wrong |= secret[i] != same[i];
  }
  return wrong;
}
