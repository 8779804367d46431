//! Tests against real daemons on private clusters; see the crate `quorate-testkit`.

use std::process::ExitCode;

use quorate_testkit::Suite;

mod calls;
mod compare;
mod kit;

fn main() -> ExitCode {
    if let Some(role) = std::env::args().nth(1)
        && role == kit::HOLD
    {
        kit::hold();
    }
    let mut suite = Suite::from_arguments("real");
    kit::run(&mut suite);
    calls::run_all(&mut suite);
    suite.finish()
}
