//! The rules of Novell's cluster SDK as a pure state machine.
