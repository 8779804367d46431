//! What others say about the code: fuzzing, models of every order, sanitizers; and what is said
//! about it in lists that must not go stale.

use std::process::ExitCode;

use quorate_testkit::Suite;

mod dependencies;
mod memory;
mod original;
#[path = "../../crates/ipc/tests/rig/hostile.rs"]
mod raw;
mod toolchains;
mod unsafe_code;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(original::ATTACK) {
        return original::attack(&arguments.next().unwrap_or_default());
    }
    let mut suite = Suite::from_arguments("hardening");
    unsafe_code::run_all(&mut suite);
    dependencies::run_all(&mut suite);
    toolchains::run_all(&mut suite);
    memory::run_all(&mut suite);
    original::run_all(&mut suite);
    suite.finish()
}
