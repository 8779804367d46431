//! A daemon that breaks every rule there is, one at a time and by chance: the client's functions
//! end in errors, within their limit, and leave nothing behind.
//!
//! No test passes without its faults: the daemon counts those that it has committed.

mod floods;
mod handshake;
mod messages;
mod rewritten;
mod sessions;
mod toll;
mod truncated;

use quorate_testkit::Suite;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("hostile");
    handshake::run(&mut suite);
    messages::run(&mut suite);
    rewritten::run(&mut suite);
    truncated::run(&mut suite);
    floods::run(&mut suite);
    suite.finish()
}
