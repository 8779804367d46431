//! How long a program waits for its answers while others attack the daemon that it asks: the
//! simulated cluster's, as it is and in corosync's scheduling class, and corosync's. Two attackers
//! at a time, each in a process of its own, as daemon and program are.
//!
//! They share the machine's processors, and who waits for one is not answered whatever the daemon
//! does. So the same program also asks a simulated cluster that nobody attacks, while another one
//! is attacked: what it waits there is the machine's.
//!
//! All columns by turns. Nothing here passes or fails.

#[path = "../../tests/hostile/attacks.rs"]
mod attacks;
mod daemons;
mod figures;
mod parts;
#[path = "../../../ipc/tests/rig/hostile.rs"]
mod raw;
#[path = "../../tests/hostile/rig.rs"]
mod rig;

use std::env;

use quorate_testkit::Requirements;

use attacks::Attack;
use daemons::{Class, Daemon, Simulated};
use figures::Figures;

/// Of each attack and column.
const ROUNDS: usize = 5;

/// What corosync survives: of the others one is enough to end it, or to have it wait for ever.
const NOT_DEADLY: [&str; 4] = [
    "nothing",
    "half-open connections",
    "connects and disconnects",
    "requests as fast as possible",
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if parts::play(&arguments) {
        return;
    }
    // Cargo's own arguments aside, words select attacks.
    let words: Vec<_> = arguments
        .iter()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let chosen = |(name, _): &&Attack| {
        words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
    };
    let corosync = match Requirements::cluster().check() {
        Ok(()) => Some(quorate_testkit::Cluster::builder().nodes(2).start()),
        Err(why) => {
            eprintln!("without corosync: {why}");
            None
        }
    };
    let corosync = corosync.as_ref().map(|cluster| cluster.node(1));
    let attacked = Simulated::start(Class::Normal);
    let left_alone = Simulated::start(Class::Normal);
    let real_time = daemons::may_be_real_time().then(|| Simulated::start(Class::RealTime));

    println!("Calls; milliseconds: median, 99 of 100, longest");
    println!();
    println!(
        "| while | attacked | the same without waits for a processor | another is attacked | attacked, in real time | corosync |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, _) in attacks::ALL.iter().filter(chosen) {
        let mut columns: [Figures; 4] = Default::default();
        for _ in 0..ROUNDS {
            let [first, control, favoured, original] = &mut columns;
            first.extend(parts::measure(name, &attacked, &attacked));
            control.extend(parts::measure(name, &attacked, &left_alone));
            if let Some(daemon) = &real_time {
                favoured.extend(parts::measure(name, daemon, daemon));
            }
            if let Some(node) = corosync.filter(|_| NOT_DEADLY.contains(name)) {
                let daemon: &dyn Daemon = node;
                original.extend(parts::measure(name, daemon, daemon));
            }
        }
        let pure = columns[0].without_waits();
        let [first, others @ ..] = columns.map(|column| column.to_string());
        println!("| {name} | {first} | {pure} | {} |", others.join(" | "));
    }
}
