//! Tests against real daemons on private clusters; see the crate `quorate-testkit`.

use std::process::ExitCode;

use quorate_testkit::Suite;

mod bindings;
mod callbacks;
mod calls;
mod compare;
mod daemon;
mod kit;
mod qdevice;
mod quorumtool;
mod sbd;

fn main() -> ExitCode {
    if std::env::args()
        .nth(1)
        .is_some_and(|role| role == kit::HOLD)
    {
        kit::hold();
    }
    let mut suite = Suite::from_arguments("real");
    kit::run(&mut suite);
    calls::run_all(&mut suite);
    callbacks::run_all(&mut suite);
    daemon::run_all(&mut suite);
    quorumtool::run_all(&mut suite);
    qdevice::run_all(&mut suite);
    sbd::run_all(&mut suite);
    bindings::run_all(&mut suite);
    suite.finish()
}
