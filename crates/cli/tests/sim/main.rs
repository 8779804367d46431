//! `quorate run`: programs in simulated clusters, and the same ones in real clusters.

mod arbiter;
mod bindings;
mod cfg;
mod clients;
mod ctl;
mod daemon;
mod examples;
mod extra;
mod faults;
mod groups;
mod hosts;
mod live;
mod manual;
mod matrix;
mod ncs;
mod pacemaker;
mod received;
mod record;
mod replay;
mod run;
mod same;
mod scenarios;
mod search;
mod soak;
mod stage;
mod timeline;
mod tool;
mod users;
mod watch;

use std::process::ExitCode;

use quorate_testkit::Suite;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("sim");
    run::run_all(&mut suite);
    scenarios::run_all(&mut suite);
    same::run_all(&mut suite);
    soak::run_all(&mut suite);
    hosts::run_all(&mut suite);
    matrix::run_all(&mut suite);
    extra::run_all(&mut suite);
    groups::run_all(&mut suite);
    ncs::run_all(&mut suite);
    live::run_all(&mut suite);
    manual::run_all(&mut suite);
    ctl::run_all(&mut suite);
    watch::run_all(&mut suite);
    bindings::run_all(&mut suite);
    timeline::run_all(&mut suite);
    record::run_all(&mut suite);
    replay::run_all(&mut suite);
    examples::run_all(&mut suite);
    faults::run_all(&mut suite);
    daemon::run_all(&mut suite);
    cfg::run_all(&mut suite);
    search::run_all(&mut suite);
    arbiter::run_all(&mut suite);
    clients::run_all(&mut suite);
    received::run_all(&mut suite);
    users::run_all(&mut suite);
    pacemaker::run_all(&mut suite);
    suite.finish()
}
