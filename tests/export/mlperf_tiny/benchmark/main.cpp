// A stand-in of MLPerf Tiny's main program.
#include "api/internally_implemented.h"
#include "api/submitter_implemented.h"

int main() {
  ee_benchmark_initialize();
  for (;;) {
    ee_serial_callback(th_getchar());
  }
}
