//! The C ABI of libvotequorum.
