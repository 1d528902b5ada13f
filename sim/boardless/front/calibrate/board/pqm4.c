/* One operation of a scheme of pqm4, CAL_TIMES times, each with other random bytes.
 *
 * CAL_OPERATION is a number below; CAL_PUBLIC, CAL_SECRET and CAL_MESSAGE are the sizes of the
 * scheme's keys and of its ciphertext or signature. The rest of main checks that the results belong
 * together.
 */
#include <stddef.h>
#include <stdint.h>

#define KEYGEN 1
#define ENCAPS 2
#define DECAPS 3
#define VERIFY 4
#define SIGNED_KEYGEN 5

int PQCLEAN_randombytes(uint8_t *out, size_t bytes); /* as the headers of PQClean call it */
int randombytes(uint8_t *out, size_t bytes);
void start_trigger(void);
void stop_trigger(void);

enum { SHARED = 32, TEXT = 59 };

static uint8_t public_key[CAL_TIMES][CAL_PUBLIC], secret_key[CAL_TIMES][CAL_SECRET];
static uint8_t sent[CAL_TIMES][CAL_MESSAGE];

/* The board's random numbers come from a device; these cost about as little. */
int randombytes(uint8_t *out, size_t bytes) {
  static uint32_t seed = 1;
  for (size_t i = 0; i < bytes; ++i) {
    seed = seed * 1664525U + 1013904223U;
    out[i] = (uint8_t)(seed >> 24);
  }
  return 0;
}

int PQCLEAN_randombytes(uint8_t *out, size_t bytes) {
  return randombytes(out, bytes);
}

/* Does something CAL_TIMES times, and times all of it where it is the operation asked for. */
#define STEP(which, call)                 \
  do {                                    \
    if ((which) == CAL_OPERATION) {       \
      start_trigger();                    \
    }                                     \
    for (int i = 0; i < CAL_TIMES; ++i) { \
      wrong |= (call);                    \
    }                                     \
    if ((which) == CAL_OPERATION) {       \
      stop_trigger();                     \
    }                                     \
  } while (0)

#if CAL_OPERATION >= VERIFY
int crypto_sign_keypair(uint8_t *public_, uint8_t *secret);
int crypto_sign_signature_ctx(uint8_t *signature, size_t *signature_bytes, const uint8_t *text,
                              size_t bytes, const uint8_t *context, size_t context_bytes,
                              const uint8_t *secret);
int crypto_sign_verify_ctx(const uint8_t *signature, size_t signature_bytes, const uint8_t *text,
                           size_t bytes, const uint8_t *context, size_t context_bytes,
                           const uint8_t *public_);

int main(void) {
  static uint8_t text[TEXT];
  int wrong = 0;
  size_t bytes = CAL_MESSAGE;
  randombytes(text, sizeof(text));
  STEP(SIGNED_KEYGEN, crypto_sign_keypair(public_key[i], secret_key[i]));
  STEP(0, crypto_sign_signature_ctx(sent[i], &bytes, text, TEXT, NULL, 0, secret_key[i]));
  STEP(VERIFY, crypto_sign_verify_ctx(sent[i], bytes, text, TEXT, NULL, 0, public_key[i]));
  return wrong != 0;
}
#else
int crypto_kem_keypair(uint8_t *public_, uint8_t *secret);
int crypto_kem_enc(uint8_t *ciphertext, uint8_t *shared, const uint8_t *public_);
int crypto_kem_dec(uint8_t *shared, const uint8_t *ciphertext, const uint8_t *secret);

int main(void) {
  static uint8_t mine[CAL_TIMES][SHARED], theirs[CAL_TIMES][SHARED];
  int wrong = 0;
  STEP(KEYGEN, crypto_kem_keypair(public_key[i], secret_key[i]));
  STEP(ENCAPS, crypto_kem_enc(sent[i], mine[i], public_key[i]));
  STEP(DECAPS, crypto_kem_dec(theirs[i], sent[i], secret_key[i]));
  for (int i = 0; i < CAL_TIMES; ++i) {
    for (int k = 0; k < SHARED; ++k) {
      wrong |= mine[i][k] != theirs[i][k];
    }
  }
  return wrong != 0;
}
#endif
