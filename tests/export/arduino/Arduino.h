/* As much of Arduino's core as a generated sketch uses, for an emulated board. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

extern "C" {
unsigned long micros(void);
void delay(unsigned long milliseconds);
void shim_putc(char c);
int shim_getc(void);
}

class SerialStandIn {
 public:
  void begin(unsigned long) {}
  int available() {
    return 1; /* reading waits */
  }
  int read() {
    return shim_getc();
  }
  void print(char c) {
    shim_putc(c);
  }
  void print(const char *text) {
    while (*text) {
      shim_putc(*text++);
    }
  }
  void print(unsigned long value) {
    number(value);
  }
  void print(double value, int digits = 2) {
    if (value < 0) {
      shim_putc('-');
      value = -value;
    }
    double half = 0.5;
    for (int k = 0; k < digits; k++) {
      half /= 10;
    }
    value += half;
    const unsigned long whole = (unsigned long)value;
    number(whole);
    shim_putc('.');
    value -= (double)whole;
    for (int k = 0; k < digits; k++) {
      value *= 10;
      shim_putc((char)('0' + (int)value));
      value -= (int)value;
    }
  }
  template <typename T>
  void println(T value) {
    print(value);
    shim_putc('\n');
  }
  void println(double value, int digits) {
    print(value, digits);
    shim_putc('\n');
  }

 private:
  void number(unsigned long value) {
    if (value >= 10) {
      number(value / 10);
    }
    shim_putc((char)('0' + value % 10));
  }
};

extern SerialStandIn Serial;

#endif
