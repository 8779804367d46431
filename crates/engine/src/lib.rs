//! votequorum's rules as a pure state machine.
