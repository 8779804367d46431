//! Numbers that come in from C where its header says enum: any value is
//! possible, so they are integers here and the header is given the enum's name.

/// A `cs_error_t` argument.
pub type ErrorNumber = u32;
/// A `cs_dispatch_flags_t` argument.
pub type DispatchFlags = u32;
/// A `votequorum_model_t` within a structure.
pub type ModelNumber = u32;
