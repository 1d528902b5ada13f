"""The conversation with a device: messages (pure), client (retries), faults (a bad line)."""
