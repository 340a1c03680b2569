"""Where telegrams come from."""
