//! `make bench-sim`: the simulated cluster beside `corosync-vqsim` and beside real daemons, by turns,
//! in one run. Writes its section of docs/performance.md. Nothing here passes or fails.

mod clients;
mod cpg;
#[path = "../client/document.rs"]
mod document;
#[path = "../client/figures.rs"]
mod figures;
mod growth;
#[path = "../client/report.rs"]
#[allow(dead_code, reason = "this bench sets no targets against the original")]
mod report;
mod startup;
mod vqsim;

use std::env;

use quorate_testkit::{Requirements, source_root};

use report::table;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // Started again, as the program that talks to a daemon.
    match &arguments[..] {
        [mode, count] if mode == clients::MODE => {
            return clients::run(count.parse().expect("a number of clients"));
        }
        _ => {}
    }
    let needs = Requirements::cluster()
        .program("corosync-vqsim")
        .program("cc")
        .header("corosync/cpg.h");
    // One part alone, which is printed and not written down.
    if arguments.iter().any(|argument| argument == "cpg") {
        return println!("{}", cpg::measure());
    }
    if arguments.iter().any(|argument| argument == clients::MODE) {
        return println!("{}", table(&clients::measure()));
    }
    if let Err(why) = needs.check() {
        eprintln!("nothing was measured: {why}");
        std::process::exit(1);
    }
    // First: memory is this process's high-water mark.
    let growth = growth::measure();
    let mut text = String::from("### Steps, beside corosync-vqsim\n\n");
    text.push_str(&vqsim::measure());
    text.push_str("\n### Growth\n\n");
    text.push_str(&growth);
    text.push_str("\n### Programs, beside corosync\n\n");
    let mut rows = startup::measure();
    rows.extend(clients::measure());
    text.push_str(&table(&rows));
    text.push_str("\n### Messages of CPG, beside corosync\n\n");
    text.push_str(&cpg::measure());
    println!("{text}");
    let document = source_root().join("docs/performance.md");
    document::replace(&document, "simulation", &text);
}
