/* A program with newlib and semihosting, started by newlib's own code: no vector table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) int first(const char *text) {
  return (int)strlen(text);
}

__attribute__((noinline)) int second(int n) {
  return n * 2;
}

int main(void) {
  printf("hello, %d\n", second(first("world")));
  fprintf(stderr, "and again\n");
  exit(7);
}
