/* A stand-in of ESP-NN's header of the same name: scaling that rounds twice. */
#include <stdint.h>

static inline int8_t stand_in_value(int32_t sum, int32_t factor, int32_t shift, int32_t offset,
                                    int32_t least, int32_t most) {
  const int64_t product = ((int64_t)sum << (shift > 0 ? shift : 0)) * factor;
  const int64_t high = (product + (product < 0 ? 1 - (1LL << 30) : 1LL << 30)) / (1LL << 31);
  const int64_t step = 1LL << (shift > 0 ? 0 : -shift);
  const int64_t scaled = (high < 0 ? high - step / 2 : high + step / 2) / step + offset;
  return (int8_t)(scaled < least ? least : scaled > most ? most : scaled);
}
