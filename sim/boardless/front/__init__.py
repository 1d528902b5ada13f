"""Other ways into the path: pytest, Robot Framework, MLPerf Tiny, a served UART, sweeps."""
