//! What hostile programs can do to a simulated cluster, by way of its services: nothing that
//! other programs notice. `crates/ipc/tests` has what they can do by way of sockets and rings.

mod attacks;
mod fields;
mod growth;
mod killed;
#[path = "../../../ipc/tests/rig/hostile.rs"]
mod raw;
mod rig;
mod served;
